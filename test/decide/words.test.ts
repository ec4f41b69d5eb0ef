import { expect, it } from 'vitest';
import { describeFindings, describePlace } from '../../agent/src/decide/words.ts';
import { findingOf, partOf } from '../kit/decide.ts';

it.each([
  [{}, undefined, 'in your message'],
  [{ role: 'system' }, undefined, 'in the instructions that the app sends along'],
  [{ role: 'assistant' }, undefined, 'in an earlier answer'],
  [{ partKind: 'tool-result', role: 'tool' }, { toolName: 'Bash' }, 'in the result of the tool "Bash"'],
  [{ partKind: 'tool-result', role: 'tool' }, {}, 'in the result of a tool'],
  [{ partKind: 'tool-call', role: 'assistant' }, { toolName: 'Write' }, 'in a call to the tool "Write"'],
  [{ partKind: 'file' }, { fileName: 'notes.txt' }, 'in an attached file'],
  [{ partKind: 'tool-result' }, { toolName: '\u001b[31m"x"\n' }, 'in the result of a tool'],
  [{ direction: 'response' }, undefined, 'in the answer'],
  [{ direction: 'response', partKind: 'tool-call' }, undefined, 'in a tool call of the answer'],
] as const)('%o with %o: %s', (finding, part, expected) => {
  expect(describePlace(findingOf(finding), part && partOf(part))).toBe(expected);
});

it.each([
  ['AWS access key', 'an AWS access key'],
  ['JWT', 'a JWT'],
  ['OpenAI API key', 'an OpenAI API key'],
  ['GitHub token', 'a GitHub token'],
  ['npm token', 'an npm token'],
  ['SSH private key', 'an SSH private key'],
])('speaks of %s as %s', (label, expected) => {
  expect(describeFindings([findingOf({ label })], () => undefined)).toBe(`${expected} in your message`);
});

it('counts equal findings, lists a few, and sums up the rest', () => {
  const findings = [
    findingOf(),
    findingOf(),
    findingOf({ label: 'GitHub token', role: 'system' }),
    ...['a', 'b', 'c'].map((letter) => findingOf({ label: `Kind ${letter}`, place: letter })),
  ];
  expect(describeFindings(findings, () => undefined)).toBe(
    '2 AWS access keys in your message, a GitHub token in the instructions that the app sends along, a Kind a in your message and 2 more',
  );
});

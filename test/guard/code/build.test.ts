import { expect, it } from 'vitest';
import { parsePolicy } from '../../../policies/schema/parse-policy.ts';
import { formatProblems } from '../../../policies/schema/problem.ts';
import { detectorsFor } from '../../kit/detectors.ts';

function build(rules: string) {
  const parsed = parsePolicy(`postern: 1\nname: acme\nguardrails:\n${rules}`, 'acme.yaml');
  if (!parsed.ok) throw new Error(formatProblems(parsed.problems));
  const built = detectorsFor(parsed.policy.guardrails, { readFile: () => ({ ok: false, message: 'No.' }) });
  if (!built.ok) throw new Error(formatProblems(parsed.source.place(built.faults)));
  return built.detectors;
}

it('shares a detector between rules with the same options', () => {
  const { keys, byKey } = build(`
  - { id: a, detect: code, kinds: source-code, action: warn }
  - { id: b, detect: code, kinds: confidential-marking, action: block }
  - { id: c, detect: code, languages: [py, go], action: warn }
  - { id: d, detect: code, kinds: [source-*, licence-header], action: block }
  - { id: e, detect: code, kinds: confidential-marking, action: warn }
  - { id: f, detect: code, kinds: licence-header, action: block }
`);
  expect(keys[0]).toBe(keys[3]);
  expect(keys[1]).toBe(keys[4]);
  expect(new Set(keys).size).toBe(4);
  expect(Object.keys(byKey)).toHaveLength(4);
});

it('counts no lines where only notices are asked for', () => {
  const { keys, byKey } = build('  - { id: b, detect: code, kinds: confidential-marking, action: block }\n');
  const detector = byKey[keys[0] ?? ''];
  if (detector === undefined || !('scan' in detector)) throw new Error('there is no detector');
  const code = 'function total(items) {\n  return items.length;\n}\n'.repeat(20);
  expect(detector.scan(`${code}// ACME PROPRIETARY AND CONFIDENTIAL\n`).map(({ kind }) => kind)).toEqual([
    'confidential-marking',
  ]);
});

it.each([
  ['languages: [python, cobol]', 'guardrails[0].languages[1]: "cobol" isn\'t a language that can be told.'],
  ['markings: [x]', 'guardrails[0].markings[0]: This term is too short'],
  ['minShare: 2', 'more than 1'],
  ['minCharacters: 0', 'less than 1'],
])('refuses %s', (options, words) => {
  expect(() => build(`  - { id: a, detect: code, action: warn, ${options} }\n`)).toThrow(words);
});

import { expect, it } from 'vitest';
import { isRequestDetector } from '../../../agent/src/core/finding.ts';
import { parsePolicy } from '../../../policies/schema/parse-policy.ts';
import { formatProblems } from '../../../policies/schema/problem.ts';
import { detectorsFor } from '../../kit/detectors.ts';

const FILES: Readonly<Record<string, string>> = {
  'customers.txt': '# customers\nAcme Corp\nGlobex\n',
  'bad.txt': 'Acme\nx\nGlo\ufffdex\n',
};

function build(rule: string) {
  const parsed = parsePolicy(
    `postern: 1\nname: acme\nguardrails: [{ id: names, detect: keyword, action: block, ${rule} }]`,
    'acme.yaml',
  );
  if (!parsed.ok) throw new Error(formatProblems(parsed.problems));
  const built = detectorsFor(parsed.policy.guardrails, {
    readFile(name) {
      const text = FILES[name];
      return text === undefined
        ? { ok: false, message: `${name} can't be read: no such file.` }
        : { ok: true, text };
    },
  });
  if (!built.ok) throw new Error(formatProblems(parsed.source.place(built.faults)));
  const detector = built.detectors.byKey['keyword:names'];
  if (detector === undefined || isRequestDetector(detector)) throw new Error('it looks at texts');
  return detector;
}

const TEXT = 'acme corp pays Globex; Müller (Falcon) reads MULLER';
const found = (rule: string) =>
  build(rule)
    .scan(TEXT)
    .map(({ start, end }) => TEXT.slice(start, end));

it.each<[string, readonly string[]]>([
  ['dictionary: customers.txt', ['acme corp', 'Globex']],
  ['dictionary: [customers.txt], terms: falcon', ['acme corp', 'Globex', 'Falcon']],
  ['terms: [muller]', ['MULLER']],
  ['terms: [muller], diacritics: ignore', ['Müller', 'MULLER']],
  ['terms: [Muller], diacritics: ignore, caseSensitive: true', ['Müller']],
  ['terms: [globex, acme corp, falcon], near: { terms: pays, withinCharacters: 1 }', ['acme corp', 'Globex']],
])('%s', (rule, expected) => {
  expect(found(rule)).toEqual(expected);
});

it('describes what it finds in the rule’s words', () => {
  const [match] = build('terms: globex, label: "a customer’s name", severity: medium').scan(TEXT);
  expect(match).toMatchObject({
    kind: 'names',
    label: 'a customer’s name',
    severity: 'medium',
    confidence: 'high',
  });
});

it.each([
  ['action: block', 'This rule has no terms. Add "terms"'],
  ['terms: [x]', 'guardrails[0].terms[0]: This term is too short'],
  ['dictionary: missing.txt', "guardrails[0].dictionary[0]: missing.txt can't be read: no such file."],
  ['dictionary: bad.txt', 'bad.txt, line 2: This term is too short'],
  ['dictionary: bad.txt', "bad.txt, line 3: this isn't UTF-8 text. Save the file as UTF-8"],
  ['terms: abc, near: {}', 'This says how near, but not to what.'],
])('refuses %s', (rule, words) => {
  const options = rule === 'action: block' ? 'label: x' : rule;
  expect(() => build(options)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(words.split('. ')[0] ?? '') }),
  );
});

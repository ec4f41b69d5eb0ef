import { describe, expect, it } from 'vitest';
import { isRequestDetector } from '../../../agent/src/core/finding.ts';
import type { BuiltDetectors } from '../../../agent/src/guard/detectors.ts';
import { parsePolicy } from '../../../policies/schema/parse-policy.ts';
import { formatProblems } from '../../../policies/schema/problem.ts';
import { detectorsFor } from '../../kit/detectors.ts';

function build(rules: string): BuiltDetectors & { readonly told: string } {
  const parsed = parsePolicy(`postern: 1\nname: acme\nguardrails:\n${rules}`, 'acme.yaml');
  if (!parsed.ok) throw new Error(formatProblems(parsed.problems));
  const built = detectorsFor(parsed.policy.guardrails, {
    readFile: (name) => ({ ok: false, message: `${name} can't be read.` }),
  });
  return { ...built, told: formatProblems(parsed.source.place(built.ok ? built.warnings : built.faults)) };
}

function scan(rules: string, text: string) {
  const built = build(rules);
  if (!built.ok) throw new Error(built.told);
  const [detector] = Object.values(built.detectors.byKey);
  if (detector === undefined || isRequestDetector(detector)) throw new Error('it looks at texts');
  return detector.scan(text).map(({ start, end, ...match }) => ({ ...match, found: text.slice(start, end) }));
}

describe('detect: pattern', () => {
  it('finds under the rule’s id, or the expression’s own', () => {
    const rules = `
  - id: codenames
    detect: pattern
    patterns:
      - '\\bproject-(falcon|osprey)\\b'
      - { id: case-number, label: case number, expression: 'CASE-\\d{6}', severity: critical, confidence: medium }
    action: redact
`;
    expect(scan(rules, 'project-falcon in CASE-123456')).toEqual([
      {
        kind: 'codenames',
        label: 'protected phrase',
        severity: 'high',
        confidence: 'high',
        found: 'project-falcon',
      },
      {
        kind: 'case-number',
        label: 'case number',
        severity: 'critical',
        confidence: 'medium',
        found: 'CASE-123456',
      },
    ]);
    expect(build(rules)).toMatchObject({ detectors: { keys: ['pattern:codenames'] } });
  });

  it('counts a match only near to a context, the rule’s or the expression’s own', () => {
    const rules = `
  - id: ids
    detect: pattern
    caseSensitive: false
    patterns:
      - 'emp-\\d{4}'
      - { expression: 'ref-\\d{4}', near: { patterns: 'invoice #\\d+', withinCharacters: 3 } }
    near: { terms: [employee, Mitarbeiter], withinCharacters: 10 }
    action: redact
`;
    const text =
      'EMP-1111 is alone here. Employee: emp-2222. ... Ref-3333, employee ... invoice #9: ref-4444';
    expect(scan(rules, text).map(({ found }) => found)).toEqual(['emp-2222', 'ref-4444']);
  });

  it('says what is wrong, where, and how to mend it', () => {
    const { told } = build(`
  - id: a
    detect: pattern
    patterns: ['fine-\\w+', '(?=a)b', 'a*']
    near: { terms: [x], patterns: ['('] }
    action: block
  - { id: b, detect: pattern, patterns: 'fine-\\w+', near: { withinCharacters: 5 }, action: block }
  - { id: c, detect: pattern, patterns: 'fine-\\w+', near: { terms: x, patterns: '(' }, action: block }
`);
    expect(told.split('\n').filter((line) => line.startsWith('acme'))).toEqual([
      "acme.yaml:7:28: guardrails[0].patterns[1]: Look-ahead and look-behind aren't supported: they can't be matched in linear time.",
      'acme.yaml:7:38: guardrails[0].patterns[2]: This expression matches the empty text, which is everywhere.',
      'acme.yaml:10:53: guardrails[1].near: This says how near, but not to what.',
      'acme.yaml:11:61: guardrails[2].near.terms[0]: This term is too short: it would be found in every text.',
      'acme.yaml:11:71: guardrails[2].near.patterns[0]: A "(" is never closed.',
    ]);
  });

  it('warns of what is slow, and refuses too much of it', () => {
    expect(
      build(`  - { id: a, detect: pattern, patterns: '\\d{3}-\\d{2}-\\d{4}', action: warn }\n`).told,
    ).toMatch(/^acme.yaml:4:31: guardrails\[0\].patterns\[0\]: No word is in all/);
    const many = (count: number, pattern: (i: number) => string) =>
      build(
        `  - id: a\n    detect: pattern\n    action: warn\n    patterns:\n${Array.from({ length: count }, (_, i) => `      - '${pattern(i)}'\n`).join('')}`,
      );
    expect(many(21, (i) => `\\d{4}-\\d{${i + 4}}`).told).toContain(
      '21 expressions of this rule hold no fixed word',
    );
    expect(many(501, (i) => `word${i}`).told).toContain('more than 500 expressions');
    expect(many(500, (i) => `word${i}`).ok).toBe(true);
    expect(many(400, (i) => `word${i}(?:abc){50}`).told).toContain('too large together');
  });
});

describe('the schema of pattern', () => {
  it.each([
    ["patterns: [{ expresion: 'a' }]", 'Did you mean "expression"?'],
    ['patterns: []', 'This list is empty'],
    ["patterns: ['']", 'less than 1 characters'],
    ["patterns: 'abc', near: { terms: abc, withinCharacters: 2000 }", 'more than 1000'],
    ['patterns: [{ expression: abc, keywords: [x] }]', 'less than 2 characters'],
  ])('refuses %s', (options, words) => {
    expect(() => build(`  - { id: a, detect: pattern, action: warn, ${options} }\n`)).toThrow(words);
  });
});

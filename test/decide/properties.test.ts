import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ACTIONS, type Decision } from '../../agent/src/core/decision.ts';
import { decideRequest } from '../../agent/src/decide/decide.ts';
import { refusalOf } from '../../agent/src/decide/refusal.ts';
import { exchangeOf, findingOf, partOf, policyOf, requestOf } from '../kit/decide.ts';

const rule = fc.record({
  action: fc.constantFrom('allow', 'warn', 'redact', 'block'),
  minConfidence: fc.constantFrom('low', 'medium', 'high'),
  on: fc.constantFrom('request', 'tool-result', 'response'),
  when: fc.constantFrom('', `, when: 'size(findings) > 1'`, `, when: 'request.tools[9] == "x"'`),
});
const finding = fc
  .record({
    confidence: fc.constantFrom('low' as const, 'medium' as const, 'high' as const),
    partKind: fc.constantFrom('text' as const, 'tool-result' as const),
    place: fc.constantFrom('/a', '/sealed'),
    start: fc.nat(20),
  })
  .map((each) => findingOf({ ...each, end: each.start + 5 }));

const yamlOf = (rules: readonly { action: string; minConfidence: string; on: string; when: string }[]) =>
  `guardrails: [${rules.map(({ action, minConfidence, on, when }, i) => `{ id: g${i}, detect: secrets, action: ${action}, minConfidence: ${minConfidence}, on: ${on}${when} }`).join(', ')}]\n`;

const exchange = exchangeOf({
  parts: [partOf({ pointer: '/a' }), partOf({ pointer: '/sealed', editable: false })],
});
const rank = ({ decision }: Decision) => ACTIONS.indexOf(decision);

it('one more guardrail never makes a verdict milder, and order never matters', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 4 }),
      rule,
      fc.array(finding, { maxLength: 4 }),
      (rules, extra, findings) => {
        const decide = (list: readonly Parameters<typeof yamlOf>[0][number][]) => {
          const compiled = policyOf(yamlOf(list));
          return decideRequest(compiled, requestOf(compiled, { exchange, findings }));
        };
        const before = decide(rules);
        expect(rank(decide([...rules, extra]))).toBeGreaterThanOrEqual(rank(before));
        expect(rank(decide([...rules].reverse()))).toBe(rank(before));
        expect(before.effective === 'redact').toBe(before.edits.length > 0);
        for (const { place } of before.edits) expect(place, 'sealed text is never edited').toBe('/a');
      },
    ),
    { numRuns: 60 },
  );
});

it('no reason and no refusal quotes what a person wrote', () => {
  const canary = 'CANARY with spaces 4711';
  const compiled = policyOf(`models:
  - { match: "*", action: block }
guardrails:
  - { id: a, detect: secrets, action: block }
  - { id: b, detect: secrets, action: block, when: 'int(model) > 1' }
`);
  const parts = (['file', 'tool-result', 'text'] as const).map((kind) =>
    partOf({ kind, pointer: `/${kind}`, text: canary, fileName: canary, toolName: canary }),
  );
  const findings = parts.map(({ kind, pointer }) => findingOf({ partKind: kind, place: pointer }));
  const decision = decideRequest(
    compiled,
    requestOf(compiled, { exchange: exchangeOf({ model: canary, parts }), findings }),
  );
  expect(decision.reasons).toHaveLength(3);
  expect(JSON.stringify(decision.reasons)).not.toContain('CANARY');
  expect(JSON.stringify(refusalOf(decision))).not.toContain('CANARY');
});

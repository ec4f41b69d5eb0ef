/** Several guardrails that find the same thing and want different things done: the strictest wins, each is told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, stricter } from '../../agent/src/core/decision.ts';
import type { PolicyException } from '../../agent/src/core/exception.ts';
import type { Vault } from '../../agent/src/core/placeholder.ts';
import { decideRequest } from '../../agent/src/decide/decide.ts';
import { findingOf, NOW_MS, policyOf, requestOf } from '../kit/decide.ts';

interface Rule {
  readonly action: Action;
  readonly shadow?: boolean;
  readonly reversible?: boolean;
}

const vault: Vault = { placeholderFor: () => 'WORD_X', find: () => undefined, knows: () => false };
const MASK = '[REDACTED:aws-access-key-id]';

function decide(
  rules: readonly Rule[],
  more: { shadow?: boolean; exceptionFor?: string; sealed?: boolean } = {},
) {
  const yaml = rules.map(
    ({ action, shadow = false, reversible = false }, index) =>
      `  - { id: r${index}, detect: secrets, action: ${action}, shadow: ${shadow}${action === 'redact' && reversible ? ', redaction: reversible' : ''} }`,
  );
  const policy = policyOf(
    `${more.shadow ? 'rollout: { shadow: true }\n' : ''}guardrails:${yaml.length === 0 ? ' []' : ''}\n${yaml.join('\n')}\n`,
  );
  const request = requestOf(policy, { findings: [findingOf({})] });
  const exchange =
    more.sealed === true
      ? { ...request.exchange, parts: request.exchange.parts.map((part) => ({ ...part, editable: false })) }
      : request.exchange;
  return decideRequest(policy, {
    ...request,
    exchange,
    vault,
    exceptionFor: (rule) =>
      rule === more.exceptionFor
        ? ({ id: 'x', rule, untilMs: NOW_MS + 60_000 } as unknown as PolicyException)
        : undefined,
  });
}

const mask: Rule = { action: 'redact' };
const word: Rule = { action: 'redact', reversible: true };
const warn: Rule = { action: 'warn' };
const justify: Rule = { action: 'justify' };
const block: Rule = { action: 'block' };
const allow: Rule = { action: 'allow' };
const onTrial = (rule: Rule): Rule => ({ ...rule, shadow: true });

describe('two rules that find the same', () => {
  it.each<[string, readonly Rule[], Action, Action, readonly string[]]>([
    ['nothing but a note', [allow, allow], 'allow', 'allow', []],
    ['a warning and a note', [warn, allow], 'warn', 'warn', []],
    ['a mask and a warning', [mask, warn], 'redact', 'redact', [MASK]],
    ['a mask and a word: the mask', [mask, word], 'redact', 'redact', [MASK]],
    ['a word and a warning: the word', [word, warn], 'redact', 'redact', ['WORD_X']],
    ['a word and another', [word, word], 'redact', 'redact', ['WORD_X']],
    ['a mask and a block: nothing is sent', [mask, block], 'block', 'block', []],
    ['a word and a question: nothing is sent', [word, justify], 'justify', 'justify', []],
    ['a question and a block', [justify, block], 'block', 'block', []],
    ['a warning and a question', [warn, justify], 'justify', 'justify', []],
    ['a block on trial and a mask', [onTrial(block), mask], 'block', 'redact', [MASK]],
    ['a question on trial and a word', [onTrial(justify), word], 'justify', 'redact', ['WORD_X']],
    ['a mask on trial and a word: the word', [onTrial(mask), word], 'redact', 'redact', ['WORD_X']],
    ['a mask on trial and a warning', [onTrial(mask), warn], 'redact', 'warn', []],
    ['both on trial', [onTrial(block), onTrial(mask)], 'block', 'allow', []],
  ])('%s', (_name, rules, decision, effective, replacements) => {
    for (const ordered of [rules, rules.toReversed()]) {
      const decided = decide(ordered);
      expect([decided.decision, decided.effective]).toEqual([decision, effective]);
      expect(decided.edits.map(({ replacement }) => replacement)).toEqual(replacements);
      expect(decided.reasons.map(({ rule }) => rule.id)).toEqual(['r0', 'r1']);
    }
  });

  it('a reason that was given lifts its own rule only', () => {
    expect(decide([justify, block], { exceptionFor: 'r0' }).effective).toBe('block');
    expect(decide([justify, justify], { exceptionFor: 'r0' }).effective).toBe('justify');
    const both = decide([justify, word], { exceptionFor: 'r0' });
    expect([both.effective, both.edits.map(({ replacement }) => replacement)]).toEqual([
      'redact',
      ['WORD_X'],
    ]);
  });

  it('text that nobody can edit is refused, also where another rule only warns', () => {
    expect(decide([mask, warn], { sealed: true })).toMatchObject({
      decision: 'block',
      effective: 'block',
      edits: [],
    });
    expect(decide([onTrial(mask), warn], { sealed: true })).toMatchObject({
      decision: 'block',
      effective: 'warn',
    });
  });

  it('a policy in shadow tells it all and does nothing', () => {
    expect(decide([mask, block, warn], { shadow: true })).toMatchObject({
      decision: 'block',
      effective: 'allow',
      edits: [],
      reasons: [{ action: 'redact' }, { action: 'block' }, { action: 'warn' }],
    });
  });
});

it('any number of rules, in any order: the strictest in force, a part of each, edits only where they are sent', () => {
  const rule = fc.record({
    action: fc.constantFrom<Action>('allow', 'warn', 'redact', 'justify', 'block'),
    shadow: fc.boolean(),
    reversible: fc.boolean(),
  });
  const strictest = (rules: readonly Rule[]): Action =>
    rules.reduce((action: Action, one) => stricter(action, one.action), 'allow');
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 5 }), (rules) => {
      const decided = decide(rules);
      const inForce = rules.filter(({ shadow }) => !shadow);
      expect(decided.decision).toBe(strictest(rules));
      expect(decided.effective).toBe(strictest(inForce));
      expect(decided.edits).toHaveLength(decided.effective === 'redact' ? 1 : 0);
      if (decided.effective === 'redact') {
        const words = inForce
          .filter(({ action }) => action === 'redact')
          .every(({ reversible }) => reversible);
        expect(decided.edits[0]?.replacement).toBe(words ? 'WORD_X' : MASK);
      }
      const told = decided.reasons.filter(({ rule }) => rule.kind === 'guardrail');
      expect(told.map(({ rule: { id }, action, shadow = false }) => [id, action, shadow])).toEqual(
        rules.map(({ action, shadow }, index) => [`r${index}`, action, shadow]),
      );
    }),
    { numRuns: 150 },
  );
});

import { describe, expect, it } from 'vitest';
import { exchangeBody, ruleWord } from '../../../agent/src/record/audit/body.ts';
import { canonicalJson, type Json } from '../../../agent/src/record/audit/canonical.ts';
import { sampleExchange } from '../../kit/sample-records.ts';

describe('the body of an exchange', () => {
  it('has its keys in canonical order, so that the writer need not sort them', () => {
    const full = sampleExchange(1, {
      key: 'team',
      cause: 'reset',
      findings: { 'us-ssn': 2, 'aws-access-key-id': 1 },
      detectors: { 'secrets:high': ['aws-access-key-id'], pii: ['us-ssn'], injection: [] },
      reasons: [{ rule: 'new', action: 'block', text: 'It found a key.', message: 'Mind it.', shadow: true }],
    });
    const bare = sampleExchange(2, {
      model: undefined,
      usage: undefined,
      cost: undefined,
      status: undefined,
    });
    for (const record of [full, bare]) {
      const body = exchangeBody(record);
      expect(JSON.stringify(body)).toBe(canonicalJson(body as unknown as Json));
    }
  });

  it('tells rules on trial from those in force', () => {
    const reasons = [
      { rule: 'new', action: 'block', text: 'It found a key.', shadow: true },
      { rule: 'old', action: 'warn', text: 'It noticed a key.' },
    ] as const;
    const { rules } = exchangeBody(sampleExchange(1, { reasons }));
    expect(rules.map(({ shadow }) => shadow)).toEqual([true, undefined]);
    expect(rules.map(ruleWord)).toEqual(['new=block(trial)', 'old=warn']);
  });

  it('leaves out counts that are none', () => {
    const usage = sampleExchange(1).usage;
    if (usage === undefined) throw new Error('the sample has lost its usage');
    const odd = { ...usage, inputTokens: Number.NaN as never, outputTokens: -1 as never };
    const { tokens } = JSON.parse(JSON.stringify(exchangeBody(sampleExchange(1, { usage: odd }))));
    expect(tokens).toEqual({ cacheRead: 200, cacheWrite: 100, cacheWrite1h: 50, estimated: false });
  });
});

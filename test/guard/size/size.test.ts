import { describe, expect, it } from 'vitest';
import type { Part } from '../../../agent/src/core/exchange.ts';
import { buildSize } from '../../../agent/src/guard/size/build.ts';
import { createSizeDetector, inWords } from '../../../agent/src/guard/size/size.ts';
import { exchangeOf, partOf, policyOf } from '../../kit/decide.ts';

const NONE = { maxBytes: undefined, maxTokens: undefined, maxMessages: undefined };
const kindsOf = (limits: Partial<typeof NONE> | object, bytes: number, parts: readonly Partial<Part>[]) => {
  const found = createSizeDetector('size:x', { ...NONE, ...limits }).inspect({
    exchange: exchangeOf({ parts: parts.map(partOf) }),
    bytes,
    nowMs: 0,
  });
  if (found instanceof Promise) throw new Error('sizes need nobody else');
  return found.map(({ kind }) => kind);
};

describe('size', () => {
  it('each limit is passed only above it', () => {
    const parts = [
      { pointer: '/messages/0/content', text: 'abcd'.repeat(10) },
      { pointer: '/messages/2/content/0/text', text: 'abcd' },
    ];
    expect(kindsOf({ maxBytes: 100, maxTokens: 11, maxMessages: 3 }, 100, parts)).toEqual([]);
    expect(kindsOf({ maxBytes: 99, maxTokens: 10, maxMessages: 2 }, 100, parts)).toEqual([
      'too-many-bytes',
      'too-many-tokens',
      'too-many-messages',
    ]);
  });

  it.each(['/input/4/content', '/contents/4/parts/0/text'])('counts messages at %s', (pointer) => {
    expect(kindsOf({ maxMessages: 4 }, 1, [{ pointer, text: 'x' }])).toEqual(['too-many-messages']);
  });

  it('text of attachments is no message text', () => {
    const parts = [
      { kind: 'file' as const, pointer: '/messages/0/content/0/source/data', text: 'x'.repeat(1_000) },
      { kind: 'tool-result' as const, pointer: '/a#1', text: 'x'.repeat(1_000), within: '/a' },
    ];
    expect(kindsOf({ maxTokens: 1 }, 1, parts)).toEqual([]);
  });

  it('a rule without a limit is a mistake', () => {
    expect(() => policyOf('guardrails: [{ id: s, detect: size, action: block }]')).toThrow(
      /maxBytes, maxTokens/,
    );
    const rule = policyOf('guardrails: [{ id: s, detect: size, maxBytes: 5, action: block }]').policy
      .guardrails[0];
    expect(rule?.detect === 'size' && buildSize(rule)).toMatchObject({ ok: true, key: 'size:s' });
  });

  it('in words', () => {
    expect([500, 1_048_576, 1_500_000].map(inWords)).toEqual(['500 bytes', '1 MB', '1.4 MB']);
  });
});

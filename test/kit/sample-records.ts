/** Plausible records for tests of what is kept, shown and exported. */
import type { EventRecord, ExchangeRecord } from '../../agent/src/core/records.ts';
import { nanoUsd, tokens } from '../../agent/src/core/units.ts';

export const SAMPLE_TIME_MS = Date.UTC(2026, 10, 23, 12);

export function sampleExchange(number: number, changes: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    id: `exchange-${number}`,
    startedAtMs: SAMPLE_TIME_MS + number,
    endedAtMs: SAMPLE_TIME_MS + number + 840,
    device: 'laptop-7',
    user: 'ada',
    app: { id: 'claude-code', name: 'Claude Code', identifiedBy: 'header' },
    service: 'anthropic',
    host: 'api.anthropic.com',
    operation: 'generate',
    model: 'claude-sonnet-4-5',
    mode: 'direct',
    decision: 'allow',
    effective: 'allow',
    reasons: [{ rule: 'service:anthropic', action: 'allow', text: 'The catalogue allows this service.' }],
    detectors: {},
    findings: {},
    result: 'complete',
    cause: undefined,
    status: 200,
    requestBytes: 1024,
    responseBytes: 2048,
    usage: {
      inputTokens: tokens(1000),
      cacheReadTokens: tokens(200),
      cacheWriteTokens: tokens(100),
      cacheWrite1hTokens: tokens(50),
      outputTokens: tokens(300),
      reasoningTokens: undefined,
      inputAudioTokens: undefined,
      outputAudioTokens: undefined,
      raw: { input_tokens: 650 },
    },
    usageEstimated: false,
    cost: { nanoUsd: nanoUsd(7_185_000), estimated: false, pricedAs: 'claude-sonnet-4-5' },
    addedMs: 0.42,
    policy: { name: 'baseline', revision: 'a1b2c3d4' },
    ...changes,
  };
}

export const sampleEvent = (number: number, changes: Partial<EventRecord> = {}): EventRecord => ({
  id: `event-${number}`,
  atMs: SAMPLE_TIME_MS + number,
  code: 'policy-changed',
  detail: 'Policy baseline was reloaded.',
  policy: { name: 'baseline', revision: 'a1b2c3d4' },
  ...changes,
});

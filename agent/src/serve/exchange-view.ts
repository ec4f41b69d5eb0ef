import type { ExchangeRecord } from '../core/records.ts';
import type { ExchangeView } from './contract.ts';

/** What of a record leaves the process: everything but text, and usage as plain numbers. */
export function exchangeView(record: ExchangeRecord): ExchangeView {
  const { content: _content, usage, cost, device: _device, reasons, findings, ...plain } = record;
  return {
    ...plain,
    reasons: [...reasons],
    findings: { ...findings },
    inputTokens: usage?.inputTokens,
    outputTokens: usage?.outputTokens,
    nanoUsd: cost?.nanoUsd,
    costEstimated: cost?.estimated ?? false,
  };
}

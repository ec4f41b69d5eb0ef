import type { ExchangeRecord } from '../core/records.ts';
import type { ExchangeView } from './contract.ts';

/** What of a record leaves the process: everything but text, and usage as plain numbers. `serviceName`: for people. */
export function exchangeView(record: ExchangeRecord, serviceName: string | undefined): ExchangeView {
  const { content: _content, usage, cost, device: _device, reasons, findings, ...plain } = record;
  return {
    ...plain,
    ...(serviceName !== undefined && { serviceName }),
    reasons: [...reasons],
    findings: { ...findings },
    inputTokens: usage?.inputTokens,
    outputTokens: usage?.outputTokens,
    nanoUsd: cost?.nanoUsd,
    costEstimated: cost?.estimated ?? false,
  };
}

/** One call in words: for its row, its name to a screen reader, and its page. Pure. */
import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import type { MessageKey } from '../../shared/i18n/messages.ts';
import type { Translator } from '../../shared/i18n/translator.ts';

export type Outcome = 'allow' | 'warn' | 'redact' | 'justify' | 'block' | 'cut' | 'failed';

/** What was done, as a person would put it: an answer that was cut off differs from a call that never left. */
export function outcomeOf({ effective, result }: ExchangeView): Outcome {
  if (result === 'cut') return 'cut';
  if (effective !== 'allow') return effective;
  return result === 'upstream-failed' ? 'failed' : 'allow';
}

export const OUTCOME_WORDS: Readonly<Record<Outcome, MessageKey>> = {
  allow: 'outcome.allow',
  warn: 'outcome.warn',
  redact: 'outcome.redact',
  justify: 'outcome.justify',
  block: 'outcome.block',
  cut: 'outcome.cut',
  failed: 'outcome.failed',
};

export const isStop = ({ effective }: ExchangeView): boolean =>
  effective === 'block' || effective === 'justify';

/** `2 aws-access-key-id, email`; empty if nothing was found. */
export const findingsText = ({ findings }: ExchangeView): string =>
  Object.entries(findings)
    .map(([kind, count]) => (count > 1 ? `${count} × ${kind}` : kind))
    .join(', ');

/** Estimates are told as such. */
export function costText({ nanoUsd, costEstimated }: ExchangeView, { t, money }: Translator): string {
  if (nanoUsd === undefined) return t('call.noCost');
  return costEstimated ? t('call.about', { amount: money(nanoUsd) }) : money(nanoUsd);
}

/** Today's by the clock, others with their date. */
export function when(atMs: number, nowMs: number, { time, dateTime }: Translator): string {
  return new Date(atMs).toDateString() === new Date(nowMs).toDateString() ? time(atMs) : dateTime(atMs);
}

/** The reason that stands for the whole: of the strictest action, not on trial. */
export function mainReason({
  reasons,
  effective,
}: ExchangeView): ExchangeView['reasons'][number] | undefined {
  return (
    reasons.find(({ action, shadow }) => action === effective && shadow !== true) ??
    reasons.find(({ shadow }) => shadow !== true)
  );
}

/** Which rule, and what it found, in the window's language; undefined in English, which the agent's own words are in. */
export function ruleWords(
  exchange: ExchangeView,
  rule: string,
  { t, locale }: Translator,
): string | undefined {
  if (/^en\b/i.test(locale)) return undefined;
  const found = findingsText(exchange);
  return found === '' ? t('decision.byRule', { rule }) : t('decision.byFinding', { rule, found });
}

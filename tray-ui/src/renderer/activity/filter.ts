import type { CallInput, ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { isStop } from '../state/call-words.ts';

/** What the person wants to see of the ledger; the agent filters, so that all of it is searched, not only what was loaded. */
export interface CallFilter {
  readonly search: string;
  readonly stopped: boolean;
  readonly app: string | undefined;
  readonly service: string | undefined;
  readonly model: string | undefined;
}

export const NO_FILTER: CallFilter = {
  search: '',
  stopped: false,
  app: undefined,
  service: undefined,
  model: undefined,
};

export function questionOf(filter: CallFilter): CallInput<'exchanges'> {
  const { search, stopped, app, service, model } = filter;
  const wanted = search.trim();
  return {
    ...(wanted !== '' && { search: wanted }),
    ...(stopped && { stopped: 'true' as const }),
    ...(app !== undefined && { app }),
    ...(service !== undefined && { service }),
    ...(model !== undefined && { model }),
  };
}

/** For a call that ends while the list is shown: whether the agent would have listed it. */
export function matches(exchange: ExchangeView, filter: CallFilter): boolean {
  const { app, service, model, host, findings, reasons, id } = exchange;
  if (filter.stopped && !isStop(exchange)) return false;
  if (filter.app !== undefined && filter.app !== app.id) return false;
  if (filter.service !== undefined && filter.service !== service) return false;
  if (filter.model !== undefined && filter.model !== model) return false;
  const wanted = filter.search.trim().toLowerCase();
  if (wanted === '' || id.toLowerCase().startsWith(wanted)) return true;
  const names = [app.id, app.name, service, model ?? '', host, ...Object.keys(findings)];
  return [...names, ...reasons.map(({ rule }) => rule)].some((name) => name.toLowerCase().includes(wanted));
}

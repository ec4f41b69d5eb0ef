import {
  type GatewayBudget,
  type GatewayQuota,
  type GatewayRate,
  gatewayTermId,
} from '../../core/gateway.ts';
import type { BudgetTerms, LimitTerms } from '../../core/spend.ts';
import { nanoUsd } from '../../core/units.ts';

/**
 * The gateway's budgets and limits as rules of the local book, so that a call it would refuse isn't sent, and the
 * tighter of its rules and the policy's wins. A budget's limit is what the local book has counted so far, and what the
 * gateway says is left: other devices spend from the same money.
 */
export function budgetTermsOf(
  budget: GatewayBudget,
  key: string,
  spentHere: (terms: BudgetTerms) => number,
): BudgetTerms {
  const { label, window = '', resetsAtMs } = budget;
  const terms: BudgetTerms = {
    id: gatewayTermId(label),
    key: ['gateway', key, label, window, budget.limitUsd, resetsAtMs ?? ''].join(' '),
    scope: 'key',
    window: windowOf(window),
    timezone: undefined,
    slotAt: (atMs) => {
      const over = resetsAtMs !== undefined && atMs >= resetsAtMs;
      const startMs = over ? resetsAtMs : 0;
      return {
        startMs,
        windowStartMs: startMs,
        untilMs: over || resetsAtMs === undefined ? Number.MAX_SAFE_INTEGER : resetsAtMs,
        resetsAtMs: over ? undefined : resetsAtMs,
        rollingMs: undefined,
      };
    },
    limitNanoUsd: nanoUsd(0),
    limitTokens: undefined,
    warnAt: [],
    action: 'block',
    models: [],
    message: undefined,
    shadow: false,
  };
  const left = Math.max(0, Math.round((budget.limitUsd - budget.spentUsd) * 1e9));
  return { ...terms, limitNanoUsd: nanoUsd(spentHere(terms) + left) };
}

/** In the words that budgets of policies have. */
const windowOf = (window: string): string => {
  const [, count, unit] = /^(\d+)([MQY])$/.exec(window) ?? [];
  if (unit === 'M') return `${count}mo`;
  if (unit === 'Q') return `${Number(count) * 3}mo`;
  if (unit === 'Y') return `${count}y`;
  return window === '' ? 'all time' : window;
};

/** Only limits per minute: longer ones are left to the gateway, which counts all devices. */
export function limitTermsOf({ label, of, limit, window }: GatewayRate): LimitTerms | undefined {
  if (window !== '1m' && window !== '60s') return undefined;
  return {
    id: gatewayTermId(`${label}-${of}`),
    scope: 'key',
    requestsPerMinute: of === 'requests' ? limit : undefined,
    tokensPerMinute: of === 'tokens' ? limit : undefined,
    concurrentStreams: undefined,
    action: 'block',
    message: undefined,
    shadow: false,
  };
}

/** Two answers about the same key: what both allow. */
export const joinQuotas = (first: GatewayQuota, second: GatewayQuota): GatewayQuota => ({
  ...second,
  ...first,
  budgets: [...first.budgets, ...second.budgets],
  rates: [...first.rates, ...second.rates],
});

/** Entries are names or `provider/*`; the gateway's own name of the model counts, and so does the bare one. */
export function allowsModel(
  { allowedModels }: Pick<GatewayQuota, 'allowedModels'>,
  provider: string,
  model: string,
): boolean {
  if (allowedModels === undefined) return true;
  const names = [model, `${provider}/${model}`, model.slice(model.indexOf('/') + 1)].map(lower);
  return allowedModels.some((entry) => {
    const wanted = lower(entry);
    if (wanted === '*' || wanted === '*/*') return true;
    if (wanted.endsWith('*')) return names.some((name) => name.startsWith(wanted.slice(0, -1)));
    return names.includes(wanted) || (wanted.startsWith('*/') && names.includes(wanted.slice(2)));
  });
}

const lower = (text: string): string => text.toLowerCase();

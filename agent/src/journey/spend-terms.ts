import { type BudgetRule, parseWindow } from '../../../policies/schema/budgets.ts';
import type { LimitRule } from '../../../policies/schema/limits.ts';
import type { PriceRule } from '../../../policies/schema/prices.ts';
import { createPriceBook, type OverlayPrice, type PriceBook } from '../account/price-book.ts';
import { compileWindow } from '../account/spend/window.ts';
import type { BudgetTerms, LimitTerms } from '../core/spend.ts';
import { nanoUsd, tokens } from '../core/units.ts';
import type { CompiledPolicy } from '../decide/compile.ts';

/** What a policy says about money, compiled once. */
export interface SpendTerms {
  readonly budgets: ReadonlyMap<string, BudgetTerms>;
  readonly limits: ReadonlyMap<string, LimitTerms>;
  /** The policy's own prices, and the list behind them. */
  readonly prices: PriceBook;
}

const compiledTerms = new WeakMap<CompiledPolicy, SpendTerms>();

export function spendTermsOf(compiled: CompiledPolicy): SpendTerms {
  let terms = compiledTerms.get(compiled);
  if (terms === undefined) {
    const { budgets, limits, prices } = compiled.policy;
    terms = {
      budgets: new Map(budgets.map((rule) => [rule.id, budgetTerms(rule)])),
      limits: new Map(limits.map((rule) => [rule.id, limitTerms(rule)])),
      prices: createPriceBook({ overlay: prices.flatMap(overlayPrices) }),
    };
    compiledTerms.set(compiled, terms);
  }
  return terms;
}

function budgetTerms(rule: BudgetRule): BudgetTerms {
  const { id, scope, window, limitUsd, limitTokens, action } = rule;
  const timezone = rule.align === 'rolling' ? undefined : rule.timezone;
  const length = parseWindow(window);
  if (length === undefined) throw new RangeError(`budget ${id}: ${window} is not a window`);
  // "Used up" is told of like any share, by those budgets that do nothing else about it.
  const shares = action === 'warn' ? [...rule.warnAt, 1] : rule.warnAt;
  return {
    id,
    key: [id, scope, window, timezone ?? 'rolling'].join(' '),
    scope,
    window,
    timezone,
    slotAt: compileWindow(length, timezone),
    limitNanoUsd: limitUsd === undefined ? undefined : nanoUsd(limitUsd * 1e9),
    limitTokens: limitTokens === undefined ? undefined : tokens(limitTokens),
    warnAt: [...new Set(shares)].sort((a, b) => a - b),
    action,
    models: rule.model ?? [],
    message: rule.message,
    shadow: rule.shadow,
  };
}

function limitTerms({ id, scope, action, message, shadow, ...rule }: LimitRule): LimitTerms {
  const { requestsPerMinute, tokensPerMinute, concurrentStreams } = rule;
  return { id, scope, requestsPerMinute, tokensPerMinute, concurrentStreams, action, message, shadow };
}

function overlayPrices({ match, service, tiers, ...rule }: PriceRule): OverlayPrice[] {
  const { cacheRead, cacheWrite, cacheWrite1h, inputAudio, outputAudio, inputImage, outputImage } = rule;
  return match.map((model) => ({
    model,
    inputUsd: rule.input,
    outputUsd: rule.output,
    ...(service !== undefined && { service }),
    ...(cacheRead !== undefined && { cacheReadUsd: cacheRead }),
    ...(cacheWrite !== undefined && { cacheWriteUsd: cacheWrite }),
    ...(cacheWrite1h !== undefined && { cacheWrite1hUsd: cacheWrite1h }),
    ...(inputAudio !== undefined && { inputAudioUsd: inputAudio }),
    ...(outputAudio !== undefined && { outputAudioUsd: outputAudio }),
    ...(inputImage !== undefined && { inputImageUsd: inputImage }),
    ...(outputImage !== undefined && { outputImageUsd: outputImage }),
    ...(rule.perImage !== undefined && { perImageUsd: rule.perImage }),
    ...(rule.perCall !== undefined && { perCallUsd: rule.perCall }),
    ...(tiers !== undefined && { tiers: definedTiers(tiers) }),
  }));
}

const definedTiers = (tiers: NonNullable<PriceRule['tiers']>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(tiers).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );

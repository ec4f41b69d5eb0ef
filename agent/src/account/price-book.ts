/**
 * From tokens to money. This room is pure arithmetic: it is told the time, keeps no files and asks no network. Prices
 * come from the list embedded in `@pydantic/genai-prices` (whose update function is never called) and from the
 * organisation's overlay, which wins.
 */
import { calcPrice, findProvider, type ModelInfo } from '@pydantic/genai-prices';
import type { Usage } from '../core/exchange.ts';
import type { Cost } from '../core/records.ts';
import { isLocal, providerOf } from './providers.ts';
import { costOf, type Rates, ratesOf } from './rates.ts';
import { meansExactly, nearestRelative, spellings } from './relatives.ts';
import { tierOf } from './tiers.ts';

/** One line of the organisation's own price list. First match wins. */
export interface OverlayPrice {
  /** Service id; every service if absent. */
  readonly service?: string;
  /** Model name; `*` stands for anything. */
  readonly model: string;
  /** USD per million tokens. What is left out falls back as in the embedded list: cached input to input, and so on. */
  readonly inputUsd: number;
  readonly outputUsd: number;
  readonly cacheReadUsd?: number;
  readonly cacheWriteUsd?: number;
  readonly cacheWrite1hUsd?: number;
  readonly inputAudioUsd?: number;
  readonly outputAudioUsd?: number;
  readonly inputImageUsd?: number;
  readonly outputImageUsd?: number;
  /** USD for each picture that a call sends, and for each call. */
  readonly perImageUsd?: number;
  readonly perCallUsd?: number;
  /** Factors by service tier, instead of the usual ones. */
  readonly tiers?: Readonly<Record<string, number>>;
}

export interface UsageToPrice {
  /** Service id of the catalogue. */
  readonly service: string;
  readonly model: string | undefined;
  readonly usage: Usage;
  /** Pictures that the call sent. */
  readonly images?: number;
  /** True if the tokens are an estimate: then so is the cost. */
  readonly usageEstimated?: boolean;
  /** When the call was made: prices are dated. */
  readonly atMs: number;
}

export interface PriceBook {
  /** True if the list, or the organisation's own, names this very model for the service: no relative had to stand in. */
  knows(service: string, model: string, atMs: number): boolean;
  /** Undefined if not even a relative of the model has a price. Never throws; below a microsecond once warm. */
  priceUsage(call: UsageToPrice): Cost | undefined;
}

/** Callers choose model names: the cache is emptied rather than grown without end. */
const MAX_CACHED = 2_000;
/** Longer names are compared by their beginning; no model comes near. */
const MAX_NAME = 256;
const DAY_MS = 86_400_000;
/** For prices that change with the time of day; their windows begin and end on whole minutes. */
const MINUTE_MS = 60_000;

interface Priced {
  readonly rates: Rates;
  readonly pricedAs: string;
  readonly estimated: boolean;
  readonly tiers?: Readonly<Record<string, number>> | undefined;
}

interface CacheEntry {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly priced: Priced | undefined;
}

export function createPriceBook(options: { readonly overlay?: readonly OverlayPrice[] } = {}): PriceBook {
  const overlay = (options.overlay ?? []).map(compileOverlay);
  const cache = new Map<string, Map<string, CacheEntry>>();
  let cached = 0;

  function entry(service: string, model: string, atMs: number): CacheEntry {
    const found = cache.get(service)?.get(model);
    if (found !== undefined && atMs >= found.fromMs && atMs < found.untilMs) return found;
    const own = overlay.find((line) => line.matches(service, model));
    const fresh: CacheEntry =
      own === undefined
        ? lookUp(service, model, atMs)
        : { fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY, priced: own.priced(model) };
    if (found === undefined && ++cached > MAX_CACHED) {
      cache.clear();
      cached = 1;
    }
    const models = cache.get(service) ?? new Map<string, CacheEntry>();
    cache.set(service, models.set(model, fresh));
    return fresh;
  }

  return {
    knows(service, model, atMs) {
      return entry(service, model, atMs).priced?.estimated === false;
    },
    priceUsage({ service, model, usage, images, usageEstimated = false, atMs }) {
      if (model === undefined) return undefined;
      const { priced } = entry(service, model, atMs);
      if (priced === undefined) return undefined;
      const tier = tierOf(service, usage.serviceTier, priced.tiers);
      const nanoUsd = costOf(priced.rates, usage, { tierFactor: tier.factor, images: images ?? 0 });
      // Nothing times an estimate is still nothing.
      const estimated = priced.estimated || ((usageEstimated || tier.estimated) && !isFree(priced.rates));
      return { nanoUsd, estimated, pricedAs: priced.pricedAs };
    },
  };
}

function lookUp(service: string, model: string, atMs: number): CacheEntry {
  if (isLocal(service)) return always({ rates: ratesOf({}), pricedAs: model, estimated: false });
  const provider = providerOf(service);
  const known = findProvider({ providerId: provider }) !== undefined;
  const names = spellings(model);
  for (const { name, sameModel } of names) {
    const match = known ? listedPrice(provider, name, atMs) : undefined;
    if (match) return sameModel ? match : asEstimate(match);
  }
  // An unknown host that serves a well-known model: its maker's price is the best guess there is.
  for (const { name } of names) {
    const match = listedPrice(undefined, name, atMs);
    if (match) return asEstimate(match);
  }
  return relativesPrice(known ? provider : undefined, names.at(-1)?.name ?? model, atMs);
}

type Listed = CacheEntry & { readonly priced: Priced };

function listedPrice(providerId: string | undefined, model: string, atMs: number): Listed | undefined {
  const found = calcPrice({}, model, {
    ...(providerId === undefined ? {} : { providerId }),
    timestamp: new Date(atMs),
  });
  if (found === null) return undefined;
  const stepMs = changesDuringTheDay(found.model) ? MINUTE_MS : DAY_MS;
  const fromMs = Math.floor(atMs / stepMs) * stepMs;
  const { id, match } = found.model;
  const estimated = id !== model && !meansExactly(match, model);
  const priced = { rates: ratesOf(found.model_price), pricedAs: id, estimated };
  return { fromMs, untilMs: fromMs + stepMs, priced };
}

function relativesPrice(providerId: string | undefined, model: string, atMs: number): CacheEntry {
  const provider = findProvider(providerId === undefined ? { modelId: model } : { providerId });
  const relative = provider && nearestRelative(model, provider.models);
  const match = provider && relative && listedPrice(provider.id, relative.id, atMs);
  return match ? asEstimate(match) : always(undefined);
}

const changesDuringTheDay = (model: ModelInfo): boolean =>
  Array.isArray(model.prices) && model.prices.some(({ constraint }) => constraint?.type === 'time_of_date');

const asEstimate = (match: Listed): Listed => ({ ...match, priced: { ...match.priced, estimated: true } });

const always = (priced: Priced | undefined): CacheEntry => ({
  fromMs: Number.NEGATIVE_INFINITY,
  untilMs: Number.POSITIVE_INFINITY,
  priced,
});

const isFree = (rates: Rates): boolean =>
  rates.perCall === 0 && rates.perImage === 0 && rates.input.base === 0 && rates.output.base === 0;

function compileOverlay(line: OverlayPrice) {
  const literal = line.model.toLowerCase().replace(/[\\^$.+?()[\]{}|]/g, '\\$&');
  const pattern = new RegExp(`^${literal.replaceAll('*', '.*')}$`, 's');
  const rates = overlayRates(line);
  return {
    matches: (service: string, model: string) =>
      (line.service === undefined || line.service === service) &&
      pattern.test(model.slice(0, MAX_NAME).toLowerCase()),
    priced: (model: string): Priced => ({ rates, pricedAs: model, estimated: false, tiers: line.tiers }),
  };
}

function overlayRates(line: OverlayPrice): Rates {
  const listed: Record<string, number | undefined> = {
    input_mtok: line.inputUsd,
    output_mtok: line.outputUsd,
    cache_read_mtok: line.cacheReadUsd,
    cache_write_mtok: line.cacheWriteUsd,
    cache_write_1h_mtok: line.cacheWrite1hUsd,
    input_audio_mtok: line.inputAudioUsd,
    output_audio_mtok: line.outputAudioUsd,
    input_image_mtok: line.inputImageUsd,
    output_image_mtok: line.outputImageUsd,
    images_kcount: line.perImageUsd && line.perImageUsd * 1_000,
    requests_kcount: line.perCallUsd && line.perCallUsd * 1_000,
  };
  for (const [name, usd] of Object.entries(listed)) {
    if (usd !== undefined && !(Number.isFinite(usd) && usd >= 0)) {
      throw new RangeError(`price of ${line.model}: ${name} must be a number of dollars, 0 or more`);
    }
  }
  return ratesOf(listed);
}

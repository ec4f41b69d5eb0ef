import { createRequire } from 'node:module';

type PriceList = typeof import('@pydantic/genai-prices');

const load = createRequire(import.meta.url);
let loaded: PriceList | undefined;

/**
 * The embedded list, loaded when the first call is priced, which is after its answer: it takes 7 MB and some 15 ms, and
 * an agent that has only started needs neither (0053). Prices are asked for synchronously, so `require` it is.
 */
export function priceList(): PriceList {
  loaded ??= load('@pydantic/genai-prices') as PriceList;
  return loaded;
}

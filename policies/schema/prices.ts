/** The organisation's own prices, on top of the list that ships with the agent: contracts, discounts, own models. */
import { z } from 'zod';
import { nonEmpty } from './words.ts';

const usd = z.number().min(0).max(1_000_000);

/** First match wins. Amounts are US dollars per million tokens unless the name says otherwise. */
export const priceRule = z.strictObject({
  /** Globs over the model's name. */
  match: nonEmpty(z.string().min(1)),
  /** Service id; every service if absent. */
  service: z.string().min(1).optional(),
  input: usd,
  output: usd,
  /** What is left out falls back to the dearer thing it is a part of: cached input to input, audio to text. */
  cacheRead: usd.optional(),
  cacheWrite: usd.optional(),
  cacheWrite1h: usd.optional(),
  inputAudio: usd.optional(),
  outputAudio: usd.optional(),
  inputImage: usd.optional(),
  outputImage: usd.optional(),
  /** For each picture that a call sends, whatever its size. */
  perImage: usd.optional(),
  perCall: usd.optional(),
  /** Factors by service tier; where they are left out: `flex` and `batch` half, `priority` double. */
  tiers: z
    .strictObject({
      flex: z.number().min(0).max(10).optional(),
      batch: z.number().min(0).max(10).optional(),
      priority: z.number().min(0).max(10).optional(),
    })
    .optional(),
});

export type PriceRule = z.infer<typeof priceRule>;

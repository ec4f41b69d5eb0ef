/** What a bundle may add to the catalogue and the price list that ship with the agent. */
import { z } from 'zod';
import { appSchema, type Catalogue, serviceSchema } from '../schema/catalogue.ts';
import { type PriceRule, priceRule } from '../schema/prices.ts';

const catalogueOverlay = z.strictObject({
  postern: z.literal(1),
  services: z.array(serviceSchema).max(2000).default([]),
  apps: z.array(appSchema).max(2000).default([]),
});

const priceOverlay = z.strictObject({
  postern: z.literal(1),
  prices: z.array(priceRule).max(5000),
});

export type OverlayProblem = { readonly field: string; readonly message: string };
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly OverlayProblem[] };

/** Same id replaces, a new id is added before the others: whoever pushes a service means it to win. */
export function readCatalogueOverlay(text: string, base: Catalogue): Read<Catalogue> {
  const read = readJson(text, catalogueOverlay);
  if (!read.ok) return read;
  const { services, apps } = read.value;
  const without = <T extends { readonly id: string }>(
    all: readonly T[],
    changed: readonly { id: string }[],
  ): T[] => {
    const ids = new Set(changed.map(({ id }) => id));
    return all.filter(({ id }) => !ids.has(id));
  };
  return {
    ok: true,
    value: {
      services: [...services, ...without(base.services, services)],
      apps: [...apps, ...without(base.apps, apps)],
    },
  };
}

/** Asked after the policy's own prices and before the list that ships with the agent. */
export function readPriceOverlay(text: string): Read<readonly PriceRule[]> {
  const read = readJson(text, priceOverlay);
  return read.ok ? { ok: true, value: read.value.prices } : read;
}

export function readJson<T>(text: string, schema: z.ZodType<T>): Read<T> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { ok: false, problems: [{ field: '', message: `This isn't JSON: ${why}.` }] };
  }
  const result = schema.safeParse(data);
  if (result.success) return { ok: true, value: result.data };
  const problems = result.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
  return { ok: false, problems };
}

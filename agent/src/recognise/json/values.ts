/** Parsed JSON of unknown shape, read without trusting it: what isn't of the expected type is `undefined`. */

export type JsonRecord = { readonly [key: string]: unknown };

export const asRecord = (value: unknown): JsonRecord | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : undefined;

const NOTHING: readonly unknown[] = [];
/** The array, or an empty one. */
export const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : NOTHING);

export const asString = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

export const asNumber = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

/** The JSON of one frame or body, or undefined where it isn't JSON: callers turn that into an `unknown` event. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

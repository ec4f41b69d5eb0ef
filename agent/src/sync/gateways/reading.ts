/** Small tools for answers of gateways: nothing in them can be relied on. */
import { GatewayError } from '../../core/gateway.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const fields = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

export const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

export const positive = (value: unknown): number | undefined => {
  const found = number(value);
  return found !== undefined && found > 0 ? found : undefined;
};

export const timeMs = (value: unknown): number | undefined => {
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(parsed) ? parsed : undefined;
};

export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // not JSON: the caller has a word for that
  }
}

export function requireFields(value: unknown, what: string): Fields {
  const found = fields(value);
  if (found === undefined)
    throw new GatewayError('unexpected-answer', `${what} is not what this kind of gateway answers`);
  return found;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  mo: 30 * 86_400_000,
  M: 30 * 86_400_000,
  Q: 91 * 86_400_000,
  Y: 365 * 86_400_000,
};

/** `30s`, `1d`, `1M`, `30mo`; months are taken as thirty days. */
export function windowMs(window: string | undefined): number | undefined {
  const match = /^(\d+)(mo|[smhdwMQY])$/.exec(window ?? '');
  const unit = UNITS_MS[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** OpenAI's and most others' model list; Gemini's has names. */
export function modelIds(body: unknown): readonly string[] {
  const answer = requireFields(body, 'the model list');
  return [...list(answer['data']), ...list(answer['models'])].flatMap((model) => {
    const id = text(fields(model)?.['id']) ?? text(fields(model)?.['name']);
    return id === undefined ? [] : [id];
  });
}

/** RFC 9110 section 10.2.3, or a time in the words of an error: `reset in 30s`, `try again in 1.5 seconds`. */
export function retryAfterMs(
  header: string | undefined,
  message: string,
  nowMs = Date.now(),
): number | undefined {
  if (header !== undefined) {
    if (/^\d+(\.\d+)?$/.test(header)) return Number(header) * 1000;
    const at = Date.parse(header);
    if (Number.isFinite(at)) return Math.max(0, at - nowMs);
  }
  const match = /(?:in|after)\s+(\d+(?:\.\d+)?)\s*(ms|s|sec\w*|m|min\w*|h|hours?|d|days?)\b/i.exec(message);
  if (match === null) return undefined;
  const unit = (match[2] ?? 's').toLowerCase();
  const factor = unit === 'ms' ? 1 : (UNITS_MS[unit[0] ?? 's'] ?? 1000);
  return Number(match[1]) * factor;
}

/** A header value of visible ASCII (RFC 9110 section 5.5): names of people may hold more. */
export const headerText = (value: string): string =>
  value.replace(/[^\x20-\x7e]/g, (character) => encodeURIComponent(character)).slice(0, 200);

import { createHmac } from 'node:crypto';
import type { HiddenValue, Vault, VaultEntry } from '../core/placeholder.ts';

export interface VaultOptions {
  /** Held by the device: without it nobody can try out which value a word stands for. */
  readonly key: Uint8Array;
  /** From an earlier run, oldest first. */
  readonly entries: readonly VaultEntry[];
  nowMs(): number;
  /** A word was given out that has to outlive the process. */
  added(entry: VaultEntry): void;
  /** The oldest go first. */
  readonly maxEntries?: number;
}

/** Digits and letters that nobody confuses (Crockford's base 32): what a model has to copy. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODE_LENGTH = 8;
const MAX_NAME_LENGTH = 32;

/** Where a word ends: its code and the `_X` that keeps words from running into each other. */
export const CODE_AT_END = /_([0-9A-HJKMNP-TV-Z]{8})_X/g;
/** Length of the longest word: name, code and the marks between. */
export const MAX_PLACEHOLDER_LENGTH = MAX_NAME_LENGTH + CODE_LENGTH + 3;
/** The end of a text that may be the beginning of a word. */
export const OPEN_PLACEHOLDER = /[A-Z][A-Z0-9_]*$/;

export interface KeptVault extends Vault {
  /** Forgets words made before then; what is left, oldest first. */
  forgetBefore(ms: number): readonly VaultEntry[];
}

/**
 * Words such as `EMAIL_ADDRESS_9F5Q5D76_X`: bare ASCII without brackets, which models drop. The code is an HMAC of
 * value and service, so that it needs no memory to be the same in the next call, and two providers can't compare.
 */
export function createVault({ key, entries, nowMs, added, maxEntries = 50_000 }: VaultOptions): KeptVault {
  const byCode = new Map<string, VaultEntry>();
  const services = new Map<string, number>();
  for (const entry of entries) remember(entry);

  function remember(entry: VaultEntry): void {
    const key = `${entry.service} ${entry.code}`;
    const isKnown = byCode.has(key);
    byCode.set(key, entry);
    if (isKnown) return; // made stricter in an earlier run
    services.set(entry.service, (services.get(entry.service) ?? 0) + 1);
    if (byCode.size <= maxEntries) return;
    const [oldest, first] = byCode.entries().next().value as [string, VaultEntry];
    forget(oldest, first);
  }

  function forget(key: string, { service }: VaultEntry): void {
    byCode.delete(key);
    services.set(service, (services.get(service) ?? 1) - 1);
  }

  function codeFor(service: string, value: string, attempt: number): string {
    const digest = createHmac('sha256', key).update(`${service}\0${attempt}\0${value}`).digest();
    let code = '';
    for (let i = 0; i < CODE_LENGTH; i++) code += ALPHABET[(digest[i] as number) & 31];
    return code;
  }

  return {
    placeholderFor(service, hidden) {
      for (let attempt = 0; ; attempt++) {
        const code = codeFor(service, hidden.value, attempt);
        const known = byCode.get(`${service} ${code}`);
        if (known === undefined) {
          const placeholder = `${nameOf(hidden)}_${code}_X`;
          const entry = { ...hidden, service, code, placeholder, createdAtMs: nowMs() };
          remember(entry);
          added(entry);
          return placeholder;
        }
        if (known.value !== hidden.value) continue; // two values with one code: one in 10^12 pairs
        if (known.restoreInToolCalls && !hidden.restoreInToolCalls) {
          const stricter = { ...known, restoreInToolCalls: false };
          byCode.set(`${service} ${code}`, stricter);
          added(stricter);
        }
        return known.placeholder;
      }
    },
    find: (service, code) => byCode.get(`${service} ${code}`),
    knows: (service) => (services.get(service) ?? 0) > 0,
    forgetBefore(ms) {
      for (const [key, entry] of byCode) if (entry.createdAtMs < ms) forget(key, entry);
      return [...byCode.values()];
    },
  };
}

/** The kind in capitals: the model should know what sort of thing stands there. */
function nameOf({ kind }: HiddenValue): string {
  const name = kind
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .slice(0, MAX_NAME_LENGTH);
  return /^[A-Z]/.test(name) ? name : `X${name.slice(1)}`;
}

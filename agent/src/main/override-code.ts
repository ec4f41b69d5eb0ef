/**
 * Break-glass codes (decision 0149): twelve characters that a help desk reads out, and a device without any network
 * can check. A code is for one device and ends at a fixed time; what it allows is in it, under an HMAC with a secret
 * that only this device and the help desk's master key share.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export const OVERRIDE_SCOPES = ['observe', 'aside'] as const;
/** `observe`: everything is decided and recorded, nothing is enforced. `aside`: AI calls pass untouched. */
export type OverrideScope = (typeof OVERRIDE_SCOPES)[number];

export const MAX_OVERRIDE_HOURS = 72;
const HOUR_MS = 3_600_000;
const SLOT_MS = 15 * 60_000;
const EPOCH_MS = Date.UTC(2025, 0, 1);
/** 2 bits of scope, 20 of end (until 2054), 38 of MAC: 12 characters of 5 bits. */
const SLOT_BITS = 20n;
const MAC_BITS = 38n;
const CHARACTERS = 12;
/** Crockford's base 32: no I, L, O, U, so that nothing is misheard. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** One device's secret; a device can't make another's. */
export const secretOfDevice = (master: Uint8Array, device: string): Buffer =>
  Buffer.from(hkdfSync('sha256', master, 'postern-override', device.toLowerCase(), 32));

export function makeCode(secret: Uint8Array, device: string, scope: OverrideScope, untilMs: number): string {
  const slot = BigInt(Math.ceil((untilMs - EPOCH_MS) / SLOT_MS));
  const payload = (BigInt(OVERRIDE_SCOPES.indexOf(scope)) << SLOT_BITS) | slot;
  let bits = (payload << MAC_BITS) | macOf(secret, device, payload);
  let text = '';
  for (let index = 0; index < CHARACTERS; index += 1) {
    text = `${ALPHABET[Number(bits & 31n)]}${text}`;
    bits >>= 5n;
  }
  return text.replace(/(.{4})(?=.)/g, '$1-');
}

/** When a code for so many hours from now ends: at a quarter of an hour. */
export const endOf = (nowMs: number, hours: number): number =>
  EPOCH_MS + Math.ceil((nowMs + hours * HOUR_MS - EPOCH_MS) / SLOT_MS) * SLOT_MS;

export type CodeReading =
  | { readonly ok: true; readonly scope: OverrideScope; readonly untilMs: number }
  | { readonly ok: false; readonly why: 'not-a-code' | 'wrong' | 'ended' | 'too-long' };

export function readCode(secret: Uint8Array, device: string, code: string, nowMs: number): CodeReading {
  const bits = bitsOf(code);
  if (bits === undefined) return { ok: false, why: 'not-a-code' };
  const payload = bits >> MAC_BITS;
  if (!sameMac(bits & ((1n << MAC_BITS) - 1n), macOf(secret, device, payload)))
    return { ok: false, why: 'wrong' };
  const scope = OVERRIDE_SCOPES[Number(payload >> SLOT_BITS)];
  const untilMs = EPOCH_MS + Number(payload & ((1n << SLOT_BITS) - 1n)) * SLOT_MS;
  if (scope === undefined) return { ok: false, why: 'wrong' };
  if (untilMs <= nowMs) return { ok: false, why: 'ended' };
  if (untilMs > nowMs + MAX_OVERRIDE_HOURS * HOUR_MS + SLOT_MS) return { ok: false, why: 'too-long' };
  return { ok: true, scope, untilMs };
}

/** As people type: any case, dashes and blanks anywhere, O for 0, I and L for 1. */
function bitsOf(code: string): bigint | undefined {
  const text = code.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  if (text.length !== CHARACTERS) return undefined;
  let bits = 0n;
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return undefined;
    bits = (bits << 5n) | BigInt(value);
  }
  return bits;
}

function macOf(secret: Uint8Array, device: string, payload: bigint): bigint {
  const digest = createHmac('sha256', secret)
    .update(`postern override\n${device.toLowerCase()}\n${payload}`)
    .digest();
  return digest.readBigUInt64BE(0) & ((1n << MAC_BITS) - 1n);
}

function sameMac(given: bigint, right: bigint): boolean {
  const bytes = (value: bigint): Buffer => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigUInt64BE(value);
    return buffer;
  };
  return timingSafeEqual(bytes(given), bytes(right));
}

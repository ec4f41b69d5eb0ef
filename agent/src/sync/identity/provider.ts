/**
 * Signing a person in at the organisation's OpenID provider, and what follows from it: tokens, virtual keys, the
 * device's enrolment. This folder speaks to the provider through the agent's one way out, and to the browser through
 * a loopback listener; it keeps secrets only in the store that it is given, and starts no program.
 */
import {
  allowInsecureRequests,
  type Configuration,
  type CustomFetch,
  clockSkew,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
} from 'openid-client';
import { isLoopbackHttp, type SendHttp } from '../../core/http.ts';
import type { Problem } from '../../core/problem.ts';
import type { IdentityConfig } from './config.ts';
import { asIdentityError } from './explain-error.ts';
import { headerOf, ownCall } from './own-call.ts';

/** Shorter than what a client of the local API waits. */
const TIMEOUT_SECONDS = 8;
const MAX_REPLY_BYTES = 1024 * 1024;
/** Endpoints and keys may move; a discovery document is believed for this long. */
const DISCOVERY_MS = 3_600_000;
/** The Date header has whole seconds, and the answer took its time. */
const UNNOTICEABLE_SKEW_MS = 5_000;
/** Tokens still work, but other programs' certificates and the log's times suffer. */
const TROUBLING_SKEW_MS = 120_000;
const TOLERANCE_SECONDS = 30;

export interface Provider {
  /** Discovered, and corrected by how wrong this machine's clock is. Throws IdentityError. */
  configuration(): Promise<Configuration>;
  /** By how much this machine's clock is behind (positive) or ahead of the provider's; 0 until it has answered. */
  readonly clockSkewMs: number;
  readonly clockProblem: Problem | undefined;
}

export function createProvider(config: IdentityConfig, send: SendHttp, nowMs: () => number): Provider {
  const issuer = new URL(config.issuer);
  const insecure = isLoopbackHttp(issuer);
  let skewMs = 0;
  let found:
    | { readonly configuration: Configuration; readonly atMs: number; readonly skewMs: number }
    | undefined;
  const heard = (date: string | undefined): void => {
    const atMs = Date.parse(date ?? '');
    if (Number.isNaN(atMs)) return;
    const difference = atMs - nowMs();
    skewMs = Math.abs(difference) <= UNNOTICEABLE_SKEW_MS ? 0 : difference;
  };
  const fetchByAgent = fetchThrough(send, heard);
  const discover = async (): Promise<Configuration> =>
    discovery(
      issuer,
      config.clientId,
      { [clockSkew]: Math.round(skewMs / 1000), [clockTolerance]: TOLERANCE_SECONDS },
      None(),
      {
        [customFetch]: fetchByAgent,
        timeout: TIMEOUT_SECONDS,
        // The ID token's signature is checked too, though TLS would do (OpenID Connect Core 3.1.3.7 point 6).
        execute: [enableNonRepudiationChecks, ...(insecure ? [allowInsecureRequests] : [])],
      },
    );
  return {
    async configuration() {
      const fresh =
        found !== undefined &&
        Math.abs(nowMs() - found.atMs) < DISCOVERY_MS &&
        Math.abs(found.skewMs - skewMs) < UNNOTICEABLE_SKEW_MS;
      if (found !== undefined && fresh) return found.configuration;
      try {
        let configuration = await discover();
        // The first answer has told how wrong our clock is: the client must be made with that.
        if (Math.round(skewMs / 1000) !== 0) configuration = await discover();
        found = { configuration, atMs: nowMs(), skewMs };
        return configuration;
      } catch (error) {
        throw asIdentityError(error, 'discovery', issuer.host);
      }
    },
    get clockSkewMs() {
      return skewMs;
    },
    get clockProblem() {
      if (Math.abs(skewMs) < TROUBLING_SKEW_MS) return undefined;
      const minutes = Math.round(Math.abs(skewMs) / 60_000);
      return {
        code: 'clock-wrong',
        text: `This machine's clock is ${minutes} minutes ${skewMs > 0 ? 'behind' : 'ahead of'} that of ${issuer.host}.`,
        mend: 'Switch on automatic time in the system settings.',
      };
    },
  };
}

function fetchThrough(send: SendHttp, heardDate: (date: string | undefined) => void): CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    if (method !== 'GET' && method !== 'POST') throw new TypeError(`the library wants to ${method}`);
    const reply = await ownCall(send, {
      url: new URL(url),
      method,
      headers: { ...lowerCase(headers), 'accept-encoding': 'identity' },
      ...(body !== undefined && body !== null && { body: textOf(body) }),
      signal: signal ?? AbortSignal.timeout(TIMEOUT_SECONDS * 1000),
      maxReplyBytes: MAX_REPLY_BYTES,
    });
    heardDate(headerOf(reply, 'date'));
    const received = new Headers();
    for (let index = 0; index + 1 < reply.headers.length; index += 2) {
      received.append(reply.headers[index] ?? '', reply.headers[index + 1] ?? '');
    }
    const bodiless = reply.status === 204 || reply.status === 304;
    return new Response(bodiless ? null : new Uint8Array(reply.body), {
      status: reply.status,
      headers: received,
    });
  };
}

const lowerCase = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

function textOf(body: unknown): string | Uint8Array {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError('the library sends a kind of body that no grant needs');
}

/** A gateway's answer that isn't the model's: its refusals become what each client handles best, its trouble stays trouble. */
import { headerValue, type RawHeaders } from '../core/connection.ts';
import type { Decision } from '../core/decision.ts';
import type { DialectId } from '../core/exchange.ts';
import type { ResponseVerdict } from '../core/flow.ts';
import type { Gateway, GatewayRefusal, RoutedMode } from '../core/gateway.ts';
import type { VirtualKey } from '../core/identity.ts';
import { reasonOf, refusalReason, withReason } from './gateway-words.ts';
import { refusalResponse } from './refuse.ts';

/** A client may well wait this long by itself; for longer, it is better told than left to hammer. */
const SHORT_WAIT_MS = 60_000;
/** Errors that say something about the request: clients know them, and don't repeat them. */
const ABOUT_THE_REQUEST: ReadonlySet<number> = new Set([400, 404, 405, 409, 413, 415, 422]);
/** Of pages that want a person to sign in (511: RFC 6585 section 6). */
const SIGN_IN: ReadonlySet<number> = new Set([401, 403, 407, 511]);
const MAX_WORDS = 200;

export interface AnswerInput {
  readonly gateway: Gateway;
  readonly mode: RoutedMode;
  readonly key: VirtualKey;
  readonly decision: Decision;
  readonly dialect: DialectId;
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: string;
}

export interface Judged {
  readonly decision: Decision;
  readonly verdict: ResponseVerdict;
  /** Set if the gateway itself said no. */
  readonly refusal?: GatewayRefusal;
}

/** True for answers that have to be read whole before the client gets a word of them. */
export const isToBeJudged = (status: number, headers: RawHeaders): boolean =>
  status >= 300 || isWebPage(headers);

export function judgeAnswer(input: AnswerInput): Judged {
  const { gateway, status, headers, key } = input;
  if (isStranger(status, headers)) return stranger(input);
  const body = withoutSecret(input.body, key);
  const refusal = gateway.driver.readRefusal({ status, headers, body }) ?? impliedRefusal({ ...input, body });
  if (refusal !== undefined) return { ...refused({ ...input, body }, clipped(refusal)), refusal };
  const decision = withReason(
    input.decision,
    reasonOf('allow', 'gateway-error', `${gateway.name} passed on an error: status ${status}.`),
  );
  // In the provider's own words, which its clients know. A secret in them is a mistake of somebody's.
  if (isJson(body)) {
    const changed = body !== input.body;
    return { decision, verdict: { type: 'forward', ...(changed && { body: Buffer.from(body, 'utf8') }) } };
  }
  return { decision, verdict: troubled(input, decision, `${gateway.name} answers with status ${status}.`) };
}

/** Under the company's credential nothing about a sign-in is the app's to mend: it must not be asked to log in. */
function impliedRefusal({ mode, status, body }: AnswerInput): GatewayRefusal | undefined {
  if (mode === 'passthrough' || (status !== 401 && status !== 402 && status !== 403)) return undefined;
  return { kind: 'denied', message: wordsOf(body) };
}

function refused(input: AnswerInput, refusal: GatewayRefusal): Judged {
  const { dialect, gateway } = input;
  const decision = withReason(input.decision, refusalReason(gateway, refusal));
  const { kind, retryAfterMs } = refusal;
  const again =
    kind === 'timeout'
      ? { status: 408 }
      : kind === 'rate' && (retryAfterMs === undefined || retryAfterMs <= SHORT_WAIT_MS)
        ? { status: 429, retryAfterMs }
        : undefined;
  return { decision, verdict: { type: 'refuse', response: refusalResponse(decision, dialect, again) } };
}

/** Whatever it is, the gateway it isn't; following it elsewhere would take the key along. */
function stranger(input: AnswerInput): Judged {
  const text = `What answers in place of ${input.gateway.name} is not a gateway (status ${input.status}): a captive portal, a login page, or a wrong URL.`;
  const reason = reasonOf(
    'block',
    'gateway-stranger',
    text,
    'Check your network, then send again.',
    'failure',
  );
  const decision = withReason(input.decision, reason);
  return { decision, verdict: { type: 'refuse', response: refusalResponse(decision, input.dialect) } };
}

function troubled(
  { status, headers, dialect }: AnswerInput,
  decision: Decision,
  text: string,
): ResponseVerdict {
  const told = withReason(decision, reasonOf('block', 'gateway-error', text, 'Send again later.'));
  const wait = Number(headerValue(headers, 'retry-after'));
  const retryAfterMs = Number.isFinite(wait) && wait > 0 ? wait * 1000 : undefined;
  const again = ABOUT_THE_REQUEST.has(status) ? undefined : { status, retryAfterMs };
  return { type: 'refuse', response: refusalResponse(told, dialect, again) };
}

export const isWebPage = (headers: RawHeaders): boolean =>
  /^\s*(text\/html|application\/xhtml)/i.test(headerValue(headers, 'content-type') ?? '');

/** Pages with an error are a load balancer's, or the gateway's own for a path that it doesn't know. */
const isStranger = (status: number, headers: RawHeaders): boolean =>
  (status >= 300 && status < 400) || (isWebPage(headers) && (status < 300 || SIGN_IN.has(status)));

const withoutSecret = (body: string, { secret }: VirtualKey): string =>
  secret.length >= 4 && body.includes(secret) ? body.replaceAll(secret, '[key]') : body;

const clipped = (refusal: GatewayRefusal): GatewayRefusal => {
  const line = refusal.message.replace(/\s+/g, ' ').trim();
  return { ...refusal, message: line.length <= MAX_WORDS ? line : `${line.slice(0, MAX_WORDS - 1)}…` };
};

function isJson(body: string): boolean {
  try {
    return typeof JSON.parse(body) === 'object';
  } catch {
    return false; // that is the answer
  }
}

/** Whatever an error body says, in one line. */
function wordsOf(body: string): string {
  try {
    const parsed = JSON.parse(body) as { error?: { message?: unknown } | string; message?: unknown } | null;
    const error = parsed?.error;
    const found = typeof error === 'string' ? error : (error?.message ?? parsed?.message);
    return typeof found === 'string' ? found : '';
  } catch {
    return ''; // not JSON: nothing in it that could be told
  }
}

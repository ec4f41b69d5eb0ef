/** What the agent asks of the gateway on its own account: is it there, and what may the key still do. */
import { headerValue } from '../../core/connection.ts';
import { type GatewayDriver, GatewayError, type GatewayQuota, type OwnRead } from '../../core/gateway.ts';
import type { OwnReply, SendHttp } from '../../core/http.ts';
import type { VirtualKey } from '../../core/identity.ts';
import { joinQuotas } from './quota-terms.ts';
import { fields, parseJson, text } from './reading.ts';

const PROBE_MS = 5_000;
const READ_MS = 10_000;
const MAX_REPLY_BYTES = 1024 * 1024;
const MAX_WORDS = 120;

/** Resolves if something that may be the gateway answers; whatever it thinks of the question. */
export async function probe(send: SendHttp, baseUrl: string, { healthPath }: GatewayDriver): Promise<void> {
  const reply = await send({
    url: new URL(baseUrl + healthPath),
    method: 'GET',
    headers: { accept: '*/*', 'user-agent': 'postern' },
    signal: AbortSignal.timeout(PROBE_MS),
    maxReplyBytes: MAX_REPLY_BYTES,
  });
  if (reply.status >= 500)
    throw new GatewayError('unexpected-answer', `it answers with status ${reply.status}`);
  refuseStrangers(reply);
}

/** A captive portal, a login page, a wrong URL: whatever it is, no key may be shown to it twice. */
export function refuseStrangers({ status, headers }: Pick<OwnReply, 'status' | 'headers'>): void {
  if (status >= 300 && status < 400) {
    throw new GatewayError('not-a-gateway', 'it sends us elsewhere: a captive portal, or a wrong URL');
  }
  if (/^text\/html/i.test(headerValue(headers, 'content-type') ?? '')) {
    throw new GatewayError('not-a-gateway', 'it answers with a web page: a captive portal, or a wrong URL');
  }
}

/** Undefined: this gateway doesn't tell. */
export async function readQuota(
  send: SendHttp,
  baseUrl: string,
  driver: GatewayDriver,
  key: VirtualKey,
  nowMs: number,
): Promise<GatewayQuota | undefined> {
  const { quota } = driver;
  if (quota === undefined) return undefined;
  const first = await ask(send, baseUrl, driver, key, quota);
  if (first === undefined) return undefined;
  let joined = quota.read(first, nowMs);
  for (const next of quota.further?.(first) ?? []) {
    const answer = await ask(send, baseUrl, driver, key, next, 'of-owner');
    if (answer !== undefined) joined = joinQuotas(joined, next.read(answer, nowMs));
  }
  return joined;
}

async function ask(
  send: SendHttp,
  baseUrl: string,
  driver: GatewayDriver,
  key: VirtualKey,
  { path }: Pick<OwnRead<GatewayQuota>, 'path'>,
  about: 'of-key' | 'of-owner' = 'of-key',
): Promise<unknown> {
  const pairs = driver.keyHeaders(key.secret, 'gateway') ?? [];
  const own: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) own[pairs[i] as string] = pairs[i + 1] as string;
  const reply = await send({
    url: new URL(baseUrl + path),
    method: 'GET',
    headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'postern', ...own },
    signal: AbortSignal.timeout(READ_MS),
    maxReplyBytes: MAX_REPLY_BYTES,
  });
  refuseStrangers(reply);
  const { status } = reply;
  const body = Buffer.from(reply.body).toString('utf8');
  if (status === 401 || status === 403) {
    const refusal = driver.readRefusal({ status, headers: reply.headers, body });
    // What a key may not ask, or nobody can tell it, says nothing about the key.
    if (about === 'of-owner' || refusal?.kind === 'denied') return undefined;
    if (refusal === undefined) throw unexpected(path, status, parseJson(body));
    const why = refusal?.kind === 'inactive-key' ? 'is switched off or expired' : 'is not accepted';
    throw new GatewayError('key-refused', `the key "${key.name}" ${why}`);
  }
  // An older version, or a key that may not ask: the gateway goes on counting by itself.
  if (status === 404 || status === 405) return undefined;
  const parsed = parseJson(body);
  if (status !== 200 || parsed === undefined) throw unexpected(path, status, parsed);
  return parsed;
}

const unexpected = (path: string, status: number, answer: unknown): GatewayError =>
  new GatewayError('unexpected-answer', `${path} answers with status ${status}${wordsOf(answer)}`);

function wordsOf(answer: unknown): string {
  const said = text(fields(fields(answer)?.['error'])?.['message']);
  return said === undefined ? '' : `: ${said.slice(0, MAX_WORDS)}`;
}

/**
 * What of an app's request may go to a gateway. Lists what may go rather than what may not: a header that nobody has
 * heard of may be a credential, and that belongs to the app's provider alone.
 */
import type { RawHeaders } from '../core/connection.ts';
import type { RoutedMode } from '../core/gateway.ts';

const HARMLESS = new Set([
  'host',
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'content-length',
  'content-encoding',
  'user-agent',
  'idempotency-key',
  'traceparent',
  'tracestate',
  'openai-beta',
  'x-goog-api-client',
  'x-app',
  'originator',
  'version',
  'session-id',
  'session_id',
  'conversation-id',
  'conversation_id',
  'thread-id',
  'x-session-id',
  'x-session-affinity',
  'x-interaction-id',
  'x-initiator',
  'x-client-session-id',
  'x-client-request-id',
  'x-request-id',
  'te',
]);
/** Families of vendors' own headers: betas and versions come and go, and dropping one breaks the call. */
const FAMILIES = /^(anthropic-|x-stainless-|x-claude-code-|x-codex-)/;
/** Also inside such a family. */
const CREDENTIAL = /auth|token|secret|cookie|credential|passw|api-?key|account/;

const QUERY = new Set([
  'alt',
  '$alt',
  'beta',
  'api-version',
  'prettyprint',
  '$prettyprint',
  'fields',
  '$fields',
  'after',
  'before',
  'after_id',
  'before_id',
  'limit',
  'order',
  'include',
  'include[]',
  'pagesize',
  'pagetoken',
  'stream',
  'client_version',
]);

interface Native {
  readonly headers: readonly string[];
  readonly query: readonly string[];
}

/** The credential that a service's own apps show it, for pass-through: of each service its own, and no cookie ever. */
const NATIVE: Readonly<Record<string, Native>> = {
  openai: { headers: ['authorization', 'openai-organization', 'openai-project'], query: [] },
  anthropic: { headers: ['authorization', 'x-api-key'], query: [] },
  gemini: { headers: ['x-goog-api-key', 'authorization', 'x-goog-user-project'], query: ['key'] },
  'azure-openai': { headers: ['api-key', 'authorization'], query: [] },
};
/** Keyed programs of other makers. */
const BEARER: Native = { headers: ['authorization'], query: [] };
const NOTHING: Native = { headers: [], query: [] };

export interface Outbound {
  /** Lower-case names. */
  readonly removeHeaders: readonly string[];
  readonly path: string;
}

export function outboundTo(mode: RoutedMode, service: string, headers: RawHeaders, path: string): Outbound {
  const native = mode === 'gateway' ? NOTHING : (NATIVE[service] ?? BEARER);
  const removed = new Set<string>();
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    if (!isHarmless(name) && !native.headers.includes(name)) removed.add(name);
  }
  return { removeHeaders: [...removed], path: withoutQueries(path, native.query) };
}

const isHarmless = (name: string): boolean =>
  HARMLESS.has(name) || (FAMILIES.test(name) && !CREDENTIAL.test(name));

function withoutQueries(path: string, native: readonly string[]): string {
  const at = path.indexOf('?');
  if (at < 0) return path;
  const kept = path
    .slice(at + 1)
    .split('&')
    .filter((pair) => {
      const name = nameOf(pair);
      return QUERY.has(name.toLowerCase()) || native.includes(name);
    });
  return path.slice(0, at) + (kept.length === 0 ? '' : `?${kept.join('&')}`);
}

function nameOf(pair: string): string {
  const name = pair.split('=', 1)[0] ?? '';
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return ''; // malformed: nothing that is known to be harmless
  }
}

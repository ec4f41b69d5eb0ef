/** What is forwarded of a response's head, and edits that a plan asks for. Pure. */
import type { RawHeaders } from '../../core/connection.ts';
import { nominate } from './request-head.ts';

export interface ResponseFacts {
  headers: string[];
  contentLength: string | undefined;
  contentEncoding: string | undefined;
  eventStream: boolean;
  /** Trailers are announced (RFC 9110 section 6.6.2). */
  announcesTrailers: boolean;
  /** gRPC's trailers-only form: the status is in the head, and no body follows. */
  trailersOnly: boolean;
}

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'transfer-encoding',
  'te',
  'upgrade',
]);

/** `inspected`: the host is one of ours, so `alt-svc` goes too, or browsers would move to QUIC around the agent. */
export function readResponseHead(raw: RawHeaders, inspected: boolean): ResponseFacts {
  const headers: string[] = [];
  const facts: ResponseFacts = {
    headers,
    contentLength: undefined,
    contentEncoding: undefined,
    eventStream: false,
    announcesTrailers: false,
    trailersOnly: false,
  };
  let nominated: Set<string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const rawName = raw[i] as string;
    const value = raw[i + 1] as string;
    const name = rawName.toLowerCase();
    if (HOP_BY_HOP.has(name)) {
      if (name === 'connection') nominated = nominate(value, nominated);
      continue;
    }
    if (inspected && name === 'alt-svc') continue;
    if (name === 'content-length') facts.contentLength = value;
    else if (name === 'content-type') facts.eventStream = value.startsWith('text/event-stream');
    else if (name === 'trailer') facts.announcesTrailers = true;
    else if (name === 'grpc-status') facts.trailersOnly = true;
    else if (name === 'content-encoding') {
      facts.contentEncoding =
        facts.contentEncoding === undefined ? value : `${facts.contentEncoding}, ${value}`;
    }
    headers.push(rawName, value);
  }
  if (nominated !== undefined) facts.headers = withoutHeaders(headers, [...nominated]);
  return facts;
}

/** `names` are lower-case. */
export function withoutHeaders(headers: RawHeaders, names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const rawName = headers[i] as string;
    if (!names.includes(rawName.toLowerCase())) kept.push(rawName, headers[i + 1] as string);
  }
  return kept;
}

/** Each header of `set` replaces those of its name, in the place of the first, or is added at the end. */
export function withHeaders(headers: RawHeaders, set: RawHeaders): string[] {
  const values = new Map<string, string[]>();
  for (let i = 0; i < set.length; i += 2) {
    const name = (set[i] as string).toLowerCase();
    const pairs = values.get(name);
    if (pairs === undefined) values.set(name, [set[i] as string, set[i + 1] as string]);
    else pairs.push(set[i] as string, set[i + 1] as string);
  }
  const result: string[] = [];
  const placed = new Set<string>();
  for (let i = 0; i < headers.length; i += 2) {
    const rawName = headers[i] as string;
    const name = rawName.toLowerCase();
    const pairs = values.get(name);
    if (pairs === undefined) result.push(rawName, headers[i + 1] as string);
    else if (!placed.has(name)) result.push(...pairs);
    if (pairs !== undefined) placed.add(name);
  }
  for (const [name, pairs] of values) if (!placed.has(name)) result.push(...pairs);
  return result;
}

/** Both edits of a plan; the very same array if there are none. */
export function editHeaders(
  headers: RawHeaders,
  set: RawHeaders | undefined,
  remove: readonly string[] | undefined,
): RawHeaders {
  const rest = remove === undefined || remove.length === 0 ? headers : withoutHeaders(headers, remove);
  return set === undefined || set.length === 0 ? rest : withHeaders(rest, set);
}

/** What no longer holds once a body was changed (RFC 9530, RFC 1864). */
export const BODY_BOUND_HEADERS = [
  'content-encoding',
  'content-length',
  'content-md5',
  'content-digest',
  'digest',
];

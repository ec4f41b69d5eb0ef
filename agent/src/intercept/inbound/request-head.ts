/** One pass over a request's raw headers: what is forwarded, and the few facts the edge needs to carry it. Pure. */

export interface HeadFacts {
  /** End-to-end headers in the client's order and case, Host included once the caller has set it. */
  headers: string[];
  /** Index of Host's value in `headers`, or -1. */
  hostIndex: number;
  /** `:authority` of HTTP/2. */
  authority: string | undefined;
  method: string;
  scheme: string | undefined;
  path: string;
  contentLength: number | undefined;
  chunked: boolean;
  contentEncoding: string | undefined;
  /** The call can't do without HTTP/2 upstream: gRPC, Connect streams, trailers. */
  needsHttp2: boolean;
  webSocketUpgrade: boolean;
  /** Why the message must not be forwarded, in one sentence. */
  problem: string | undefined;
}

type Known = (facts: HeadFacts, rawName: string, value: string) => void;
const drop: Known = () => {};

const CONTENT_LENGTH = /^\d{1,15}$/;
const HTTP2_TYPES = /^application\/(?:grpc|connect\+)/i;

/** Headers that are ours to read. Those that don't push themselves are hop-by-hop (RFC 9110 section 7.6.1). */
const KNOWN = new Map<string, Known>([
  ['keep-alive', drop],
  ['proxy-connection', drop],
  ['proxy-authorization', drop],
  ['proxy-authenticate', drop],
  ['http2-settings', drop],
  ['expect', drop],
  ['connection', drop],
  [
    'upgrade',
    (facts, _, value) => {
      if (value.toLowerCase() === 'websocket') facts.webSocketUpgrade = true;
    },
  ],
  [
    'te',
    (facts, _, value) => {
      if (/(?:^|,)\s*trailers\s*(?:$|,)/i.test(value)) facts.needsHttp2 = true;
    },
  ],
  [
    'transfer-encoding',
    (facts, _, value) => {
      // RFC 9112 section 6.1: what we can't delimit for certain, we don't forward.
      if (facts.chunked || value.trim().toLowerCase() !== 'chunked') {
        facts.problem = 'The request uses a transfer coding other than chunked.';
      }
      facts.chunked = true;
    },
  ],
  [
    'content-length',
    (facts, rawName, value) => {
      if (facts.contentLength !== undefined || !CONTENT_LENGTH.test(value)) {
        facts.problem = 'The request has a malformed or repeated Content-Length.';
      }
      facts.contentLength = Number(value);
      facts.headers.push(rawName, value);
    },
  ],
  [
    'host',
    (facts, rawName, value) => {
      if (facts.hostIndex !== -1) facts.problem = 'The request has more than one Host header.';
      facts.headers.push(rawName, value);
      facts.hostIndex = facts.headers.length - 1;
    },
  ],
  [
    'content-type',
    (facts, rawName, value) => {
      if (HTTP2_TYPES.test(value)) facts.needsHttp2 = true;
      facts.headers.push(rawName, value);
    },
  ],
  [
    'trailer',
    (facts, rawName, value) => {
      facts.needsHttp2 = true;
      facts.headers.push(rawName, value);
    },
  ],
  [
    'content-encoding',
    (facts, rawName, value) => {
      facts.contentEncoding =
        facts.contentEncoding === undefined ? value : `${facts.contentEncoding}, ${value}`;
      facts.headers.push(rawName, value);
    },
  ],
  [
    ':method',
    (facts, _, value) => {
      facts.method = value;
    },
  ],
  [
    ':path',
    (facts, _, value) => {
      facts.path = value;
    },
  ],
  [
    ':scheme',
    (facts, _, value) => {
      facts.scheme = value;
    },
  ],
  [
    ':authority',
    (facts, _, value) => {
      facts.authority = value;
    },
  ],
  [
    ':protocol',
    (facts) => {
      facts.problem = 'Extended CONNECT is not offered here.';
    },
  ],
]);

/** Reads alternating names and values; `method` and `path` come from the request line of HTTP/1. */
export function readRequestHead(raw: readonly string[], method = '', path = ''): HeadFacts {
  const facts: HeadFacts = {
    headers: [],
    hostIndex: -1,
    authority: undefined,
    method,
    scheme: undefined,
    path,
    contentLength: undefined,
    chunked: false,
    contentEncoding: undefined,
    needsHttp2: false,
    webSocketUpgrade: false,
    problem: undefined,
  };
  let nominated: Set<string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const rawName = raw[i] as string;
    const name = rawName.toLowerCase();
    const known = KNOWN.get(name);
    if (known === undefined) facts.headers.push(rawName, raw[i + 1] as string);
    else known(facts, rawName, raw[i + 1] as string);
    if (known === drop && name === 'connection') nominated = nominate(raw[i + 1] as string, nominated);
  }
  if (facts.chunked && facts.contentLength !== undefined) {
    // RFC 9112 section 6.3: two lengths are an attempt to smuggle.
    facts.problem = 'The request has both a Content-Length and a Transfer-Encoding.';
  }
  if (nominated !== undefined) removeNominated(facts, nominated);
  return facts;
}

/** Connection options that name no header, and headers that no connection option may remove. */
const NOT_NOMINATED = new Set([
  'close',
  'keep-alive',
  'upgrade',
  'te',
  'host',
  'content-length',
  'content-type',
  'content-encoding',
]);

/** Header names that a Connection value takes along hop by hop, besides those that always are. */
export function nominate(value: string, known: Set<string> | undefined): Set<string> | undefined {
  let names = known;
  for (const token of value.split(',')) {
    const name = token.trim().toLowerCase();
    if (name === '' || NOT_NOMINATED.has(name)) continue;
    names ??= new Set();
    names.add(name);
  }
  return names;
}

function removeNominated(facts: HeadFacts, names: ReadonlySet<string>): void {
  const kept: string[] = [];
  for (let i = 0; i < facts.headers.length; i += 2) {
    const rawName = facts.headers[i] as string;
    if (names.has(rawName.toLowerCase())) continue;
    if (i + 1 === facts.hostIndex) facts.hostIndex = kept.length + 1;
    kept.push(rawName, facts.headers[i + 1] as string);
  }
  facts.headers = kept;
}

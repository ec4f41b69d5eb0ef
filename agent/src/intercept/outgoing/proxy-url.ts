import { isIP } from 'node:net';

/** A corporate proxy that speaks CONNECT (RFC 9110 section 9.3.6). */
export interface ProxyEndpoint {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  /** True if the connection to the proxy itself is TLS (`https://`). */
  readonly secure: boolean;
}

export type ProxyUrlErrorCode = 'not-a-url' | 'scheme' | 'host' | 'port' | 'credentials' | 'extra-parts';

/** The message says how to mend the setting, and never holds the credentials. */
export class ProxyUrlError extends Error {
  override readonly name = 'ProxyUrlError';
  readonly code: ProxyUrlErrorCode;
  constructor(code: ProxyUrlErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const EXAMPLE = 'Write it as http://user:password@proxy.example.com:3128.';

/** `http[s]://[user[:password]@]host[:port]`; default ports 80 and 443. Throws ProxyUrlError. */
export function parseProxyUrl(text: string): ProxyEndpoint {
  const url = toUrl(text);
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === '') throw new ProxyUrlError('host', `The proxy address names no host. ${EXAMPLE}`);
  if (url.pathname !== '/' && url.pathname !== '') {
    throw new ProxyUrlError(
      'extra-parts',
      `The proxy address must end after the port, without a path. ${EXAMPLE}`,
    );
  }
  if (url.search !== '' || url.hash !== '') {
    throw new ProxyUrlError('extra-parts', `The proxy address must not have a query or fragment. ${EXAMPLE}`);
  }
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  if (port === 0) throw new ProxyUrlError('port', `The proxy's port must be between 1 and 65535. ${EXAMPLE}`);
  return { host: host.toLowerCase(), port, secure, ...credentials(url) };
}

function toUrl(text: string): URL {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text.trim())?.[1]?.toLowerCase();
  if (scheme === undefined) {
    throw new ProxyUrlError(
      'not-a-url',
      `The proxy address lacks its scheme, http:// or https://. ${EXAMPLE}`,
    );
  }
  if (scheme !== 'http' && scheme !== 'https') {
    throw new ProxyUrlError(
      'scheme',
      `A ${scheme} proxy can't be used, only http:// or https://. ${EXAMPLE}`,
    );
  }
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (url !== undefined) return url;
  const port = /:(\d+)\/?$/.exec(text)?.[1];
  if (port !== undefined && Number(port) > 65535) {
    throw new ProxyUrlError('port', `The proxy's port must be between 1 and 65535. ${EXAMPLE}`);
  }
  throw new ProxyUrlError(
    'not-a-url',
    `The proxy address can't be read. Percent-encode special characters in the password (@ is %40). ${EXAMPLE}`,
  );
}

function credentials(url: URL): { username?: string; password?: string } {
  if (url.username === '' && url.password === '') return {};
  const username = decode(url.username);
  const password = decode(url.password);
  // RFC 7617 section 2: the user-id can't hold a colon, and neither part may hold control characters.
  if (username.includes(':') || /\p{Cc}/u.test(username + password)) {
    throw new ProxyUrlError(
      'credentials',
      "The proxy's user name can't hold a colon, and neither it nor the password control characters.",
    );
  }
  return { username, password };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ProxyUrlError(
      'credentials',
      "The proxy's user name or password is not percent-encoded UTF-8: write a % sign as %25.",
    );
  }
}

/** `Basic …` for the proxy, or undefined without credentials (RFC 7617: UTF-8). */
export function proxyAuthorization(proxy: ProxyEndpoint): string | undefined {
  if (proxy.username === undefined) return undefined;
  return `Basic ${Buffer.from(`${proxy.username}:${proxy.password ?? ''}`, 'utf8').toString('base64')}`;
}

/** `host:port`, with brackets round an IPv6 address. */
export const hostAndPort = (host: string, port: number): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;

/**
 * The proxy auto-configuration script: listed hosts go to the agent, everything else goes direct. It must run in every
 * engine, WinHTTP's JScript included, so it is ECMAScript 3; it asks no DNS, which would block browsers and leak names.
 */
import { InterceptError } from './inbound/errors.ts';

const PATTERN =
  /^(\*\.)?((?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)$/;
const PROXY_ADDRESS = /^(?:[a-z0-9.-]+|\[[0-9a-f:]+\]):\d{1,5}$/i;

export interface PacOptions {
  /** What browsers do with listed hosts while the agent doesn't answer. `direct` is the default, `fail` is closed. */
  readonly whenUnreachable?: 'direct' | 'fail';
}

/**
 * `hosts`: lower-case names, or `*.` and a name for everything below it but not the name itself. `proxyAddress`:
 * `host:port`. Throws InterceptError `pac-pattern` for anything that is not plainly a name.
 */
export function buildPac(hosts: readonly string[], proxyAddress: string, options: PacOptions = {}): string {
  if (!PROXY_ADDRESS.test(proxyAddress)) {
    throw new InterceptError('pac-pattern', `"${proxyAddress}" is not a host and port.`);
  }
  const exact = new Set<string>();
  const below = new Set<string>();
  for (const pattern of hosts) {
    const match = PATTERN.exec(pattern);
    if (match?.[2] === undefined) throw new InterceptError('pac-pattern', `"${pattern}" is not a host name.`);
    (match[1] === undefined ? exact : below).add(match[2]);
  }
  const listed = `PROXY ${proxyAddress}${options.whenUnreachable === 'fail' ? '' : '; DIRECT'}`;
  return `var exact = ${table(exact)};
var below = ${table(below)};
function has(names, name) {
  return Object.prototype.hasOwnProperty.call(names, name);
}
function FindProxyForURL(url, host) {
  host = host.toLowerCase();
  if (host.charAt(host.length - 1) === ".") host = host.substring(0, host.length - 1);
  if (has(exact, host)) return ${JSON.stringify(listed)};
  for (var dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1)) {
    if (has(below, host.substring(dot + 1))) return ${JSON.stringify(listed)};
  }
  return "DIRECT";
}
`;
}

function table(names: ReadonlySet<string>): string {
  const entries = [...names].sort().map((name) => `  ${JSON.stringify(name)}: 1`);
  return entries.length === 0 ? '{}' : `{\n${entries.join(',\n')}\n}`;
}

/**
 * The variables that bring a program under governance: which proxy to use, and which certificate authorities to
 * believe. One row per variable with the runtimes that read it; what was observed is in docs/decisions/0046.
 */
import type { Environment, OperatingSystem } from './operating-system.ts';

export interface ClientEnvironmentOptions {
  /** `http://127.0.0.1:7843`. */
  readonly proxyUrl: string;
  /** PEM of our root alone, for variables that add to a runtime's own roots. */
  readonly caFile: string;
  /** PEM of the system's roots, the person's own extra ones and ours, for variables that replace them. */
  readonly bundleFile: string;
  /** The same as a PKCS #12 trust store, for Java. */
  readonly javaTrustStoreFile: string;
  /** More hosts to leave alone. */
  readonly noProxy?: readonly string[];
  /** What the program would have had without us; merged where a variable holds a list. */
  readonly current: Environment;
  readonly os: OperatingSystem;
}

export interface ClientVariable {
  readonly name: string;
  /** Undefined: remove it. */
  readonly value: string | undefined;
  /** One line: who reads it and why it is set. */
  readonly reason: string;
}

/** Loopback and private ranges: the agent refuses them as targets, so that nothing local can be reached through it. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1', '.local'];
/** CIDR is understood by Go, curl (7.86), Python's requests; the others ignore it. */
const LOCAL_RANGES = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'];

const REPLACING: readonly (readonly [name: string, reason: string])[] = [
  ['SSL_CERT_FILE', 'OpenSSL, Python ssl and httpx, Go, Ruby, rustls, Codex, Bun, uv'],
  ['CODEX_CA_CERTIFICATE', 'Codex ignores NODE_EXTRA_CA_CERTS'],
  ['REQUESTS_CA_BUNDLE', "Python requests uses certifi's own list otherwise"],
  ['CURL_CA_BUNDLE', 'curl, and what links libcurl'],
  ['AWS_CA_BUNDLE', 'AWS CLI and SDKs (Bedrock)'],
  ['GIT_SSL_CAINFO', 'git over HTTPS'],
  ['PIP_CERT', 'pip'],
  ['HTTPLIB2_CA_CERTS', "Google's older Python clients"],
  ['CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE', 'gcloud'],
  ['CARGO_HTTP_CAINFO', 'cargo'],
  ['NIX_SSL_CERT_FILE', 'programs built by Nix'],
  ['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH', 'gRPC (Vertex, Gemini clients)'],
];

export function clientEnvironment(options: ClientEnvironmentOptions): readonly ClientVariable[] {
  return [...proxyVariables(options), ...trustVariables(options), javaVariable(options)];
}

function proxyVariables(options: ClientEnvironmentOptions): ClientVariable[] {
  const variables: ClientVariable[] = [];
  // Environment names are case-insensitive on Windows: the lower-case twin would be the same variable.
  const both = (name: string, value: string | undefined, reason: string): void => {
    variables.push({ name, value, reason });
    if (options.os !== 'win32') variables.push({ name: name.toLowerCase(), value, reason });
  };
  both('HTTPS_PROXY', options.proxyUrl, 'every CLI and most SDKs; without it they connect directly');
  both('HTTP_PROXY', options.proxyUrl, 'plain-HTTP calls, and clients that read only this one');
  // aiohttp reads `<scheme>_proxy` by urllib's getproxies(), and its WebSocket client asks for `wss` and `ws`.
  both('WSS_PROXY', options.proxyUrl, "aiohttp's WebSocket client, which reads only these two");
  both('WS_PROXY', options.proxyUrl, 'the same, unencrypted');
  both('NO_PROXY', noProxyList(options), 'local servers stay local (MCP, Ollama, dev servers)');
  both('ALL_PROXY', undefined, 'Claude Code mixes it up with HTTPS_PROXY and sends keys in plain text');
  variables.push({
    name: 'NODE_USE_ENV_PROXY',
    value: '1',
    reason: "Node's own fetch, and the SDKs that use it",
  });
  return variables;
}

function trustVariables(options: ClientEnvironmentOptions): ClientVariable[] {
  // Node adds this file to its own roots; a person who already adds a company's CA must not lose it.
  const extra = options.current['NODE_EXTRA_CA_CERTS'];
  const nodeFile = extra && extra !== options.caFile ? options.bundleFile : options.caFile;
  return [
    {
      name: 'NODE_EXTRA_CA_CERTS',
      value: nodeFile,
      reason: 'Node and Bun: Claude Code, Gemini CLI, Copilot CLI, opencode',
    },
    { name: 'DENO_CERT', value: nodeFile, reason: 'Deno' },
    ...REPLACING.map(([name, reason]) => ({ name, value: options.bundleFile, reason })),
  ];
}

/** Hosts that the person leaves alone are kept, but not `*`: it would switch governance off as a whole. */
function noProxyList({ current, noProxy = [] }: ClientEnvironmentOptions): string {
  const own = (current['NO_PROXY'] ?? current['no_proxy'] ?? '').split(/[\s,]+/);
  const all = [
    ...LOCAL_HOSTS,
    ...LOCAL_RANGES,
    ...noProxy,
    ...own.filter((entry) => entry !== '' && entry !== '*'),
  ];
  return [...new Set(all)].join(',');
}

/** The JVM reads neither proxy variables nor PEM files, but takes system properties from here. */
function javaVariable({ proxyUrl, javaTrustStoreFile, current }: ClientEnvironmentOptions): ClientVariable {
  const { hostname, port } = new URL(proxyUrl);
  const properties: readonly (readonly [string, string])[] = [
    ['http.proxyHost', hostname],
    ['http.proxyPort', port],
    ['https.proxyHost', hostname],
    ['https.proxyPort', port],
    ['http.nonProxyHosts', 'localhost|127.*|[::1]|10.*|192.168.*|169.254.*|*.local'],
    ['javax.net.ssl.trustStore', javaTrustStoreFile],
    ['javax.net.ssl.trustStoreType', 'PKCS12'],
    ['javax.net.ssl.trustStorePassword', ''],
  ];
  const ours = new Set(properties.map(([name]) => `-D${name}`));
  const kept = splitJavaOptions(current['JAVA_TOOL_OPTIONS'] ?? '').filter(
    (option) => !ours.has(option.replace(/^["']|=.*$/gs, '')),
  );
  const added = properties.map(([name, value]) => quoteJavaOption(`-D${name}=${value}`));
  return { name: 'JAVA_TOOL_OPTIONS', value: [...kept, ...added].join(' '), reason: 'Java, Kotlin, Scala' };
}

/** The JVM splits at white space outside of quotes (JDK: "JAVA_TOOL_OPTIONS"; quotes are removed). */
const splitJavaOptions = (text: string): string[] => text.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
const quoteJavaOption = (option: string): string => (/\s/.test(option) ? `"${option}"` : option);

/** The environment a program is started with: `current`, changed. */
export function applyVariables(
  current: Environment,
  variables: readonly ClientVariable[],
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(current)) if (value !== undefined) result[name] = value;
  for (const { name, value } of variables) {
    if (value === undefined) delete result[name];
    else result[name] = value;
  }
  return result;
}

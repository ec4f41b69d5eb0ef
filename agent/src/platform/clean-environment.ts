/**
 * Promise 8: no environment variable changes security. These variables change what Node itself does before a line
 * of ours has run; the agent is started without them, and says so where it finds them.
 */
import type { Environment } from './operating-system.ts';

export interface DangerousVariable {
  readonly name: string;
  /** What it would do to an agent. */
  readonly effect: string;
  /** True if Node acts on it at start, so that deleting it later is too late. */
  readonly actsAtStart: boolean;
}

export const DANGEROUS_VARIABLES: readonly DangerousVariable[] = [
  { name: 'NODE_OPTIONS', effect: 'can load code, open a debugger or log TLS keys', actsAtStart: true },
  { name: 'NODE_TLS_REJECT_UNAUTHORIZED', effect: 'can switch off certificate checks', actsAtStart: false },
  { name: 'NODE_EXTRA_CA_CERTS', effect: 'adds certificate authorities', actsAtStart: true },
  { name: 'NODE_USE_SYSTEM_CA', effect: 'changes the trusted certificate authorities', actsAtStart: true },
  { name: 'SSL_CERT_FILE', effect: 'changes the trusted certificate authorities', actsAtStart: true },
  { name: 'SSL_CERT_DIR', effect: 'changes the trusted certificate authorities', actsAtStart: true },
  { name: 'OPENSSL_CONF', effect: 'loads an OpenSSL configuration', actsAtStart: true },
  { name: 'OPENSSL_MODULES', effect: 'loads OpenSSL providers', actsAtStart: true },
  { name: 'OPENSSL_ENGINES', effect: 'loads OpenSSL engines', actsAtStart: true },
  { name: 'SSLKEYLOGFILE', effect: 'writes TLS session keys to a file', actsAtStart: false },
  { name: 'NODE_USE_ENV_PROXY', effect: "sends the agent's own requests through a proxy", actsAtStart: true },
  { name: 'NODE_DEBUG', effect: 'prints request details, which may hold prompts', actsAtStart: true },
  { name: 'NODE_DEBUG_NATIVE', effect: 'prints request details, which may hold prompts', actsAtStart: true },
  { name: 'NODE_V8_COVERAGE', effect: 'writes execution traces to disk', actsAtStart: true },
  { name: 'NODE_REPL_EXTERNAL_MODULE', effect: 'loads code', actsAtStart: true },
  { name: 'NODE_PATH', effect: 'changes where code is loaded from', actsAtStart: true },
  { name: 'LD_PRELOAD', effect: 'loads code', actsAtStart: true },
  { name: 'LD_LIBRARY_PATH', effect: 'changes where libraries are loaded from', actsAtStart: true },
  { name: 'LD_AUDIT', effect: 'loads code', actsAtStart: true },
  { name: 'DYLD_INSERT_LIBRARIES', effect: 'loads code', actsAtStart: true },
  { name: 'DYLD_LIBRARY_PATH', effect: 'changes where libraries are loaded from', actsAtStart: true },
];

/** Proxy variables: the agent must never send its own traffic to itself or to where a shell says. */
const PROXY_VARIABLES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'FTP_PROXY',
  'WS_PROXY',
  'WSS_PROXY',
];

const sameName = (a: string, b: string): boolean => a.toUpperCase() === b;

/** The dangerous variables that are set in `env`. Unix names are case-sensitive, Windows ones are not. */
export function dangerousVariablesIn(
  env: Environment,
  os: NodeJS.Platform = process.platform,
): readonly DangerousVariable[] {
  return DANGEROUS_VARIABLES.filter(({ name }) =>
    Object.entries(env).some(
      ([key, value]) =>
        value !== undefined && value !== '' && (os === 'win32' ? sameName(key, name) : key === name),
    ),
  );
}

export interface CleanEnvironment {
  readonly env: Record<string, string>;
  readonly removed: readonly DangerousVariable[];
}

/** `env` without dangerous and proxy variables: what an agent is started with. */
export function cleanEnvironment(env: Environment, os: NodeJS.Platform = process.platform): CleanEnvironment {
  const removed = dangerousVariablesIn(env, os);
  const unwanted = new Set([...DANGEROUS_VARIABLES.map(({ name }) => name), ...PROXY_VARIABLES]);
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(env)) {
    if (value !== undefined && !unwanted.has(key.toUpperCase())) kept[key] = value;
  }
  return { env: kept, removed };
}

/** Takes dangerous and proxy variables out of this very process; what was there and matters is returned. */
export function dropDangerousVariables(
  env: Environment,
  own: NodeJS.ProcessEnv = process.env,
): readonly DangerousVariable[] {
  const { env: kept, removed } = cleanEnvironment(env);
  for (const name of Object.keys(own))
    if (env[name] !== undefined && kept[name] === undefined) delete own[name];
  return removed;
}

import { type ClientVariable, clientEnvironment } from '../platform/client-environment.ts';
import { writeTrustFiles } from '../platform/trust-bundle.ts';
import type { AgentStatus } from '../serve/contract.ts';
import { systemRoots } from '../sync/system-roots.ts';
import { type Context, filesOf } from './context.ts';
import type { Place } from './ports.ts';

export interface GovernedEnvironment {
  readonly variables: readonly ClientVariable[];
  /** What the person should know: bundles that could not be read, a company proxy that is no longer used. */
  readonly notices: readonly string[];
}

/** The variables for a program, and the files they name. */
export function governedEnvironment(
  context: Context,
  place: Place,
  status: AgentStatus,
): GovernedEnvironment {
  const { env } = context.io;
  const trust = writeTrustFiles(filesOf(place).trustDirectory, {
    caFile: status.ca.file,
    systemRootFiles: context.platform.systemRootFiles,
    otherRoots: systemRoots,
    env,
  });
  const variables = clientEnvironment({
    proxyUrl: status.proxy.url,
    caFile: status.ca.file,
    ...trust,
    current: env,
    os: context.platform.os,
  });
  return { variables, notices: [...trust.skipped, ...replacedProxy(env, status.proxy.url)] };
}

function replacedProxy(env: Context['io']['env'], ours: string): string[] {
  const own = env['HTTPS_PROXY'] ?? env['https_proxy'];
  if (!own || own === ours || !URL.canParse(own)) return [];
  return [
    `HTTPS_PROXY pointed to ${new URL(own).host}; if that is your company's proxy, set upstream.proxy in the configuration.`,
  ];
}

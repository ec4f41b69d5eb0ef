/** Ready-made inputs for tests of the decision: the real catalogue, a policy from YAML, a call, findings. */

import type { AppIdentity } from '../../agent/src/core/decision.ts';
import type { ExchangeRequest, Part } from '../../agent/src/core/exchange.ts';
import type { Finding } from '../../agent/src/core/finding.ts';
import { type CompiledPolicy, compilePolicy } from '../../agent/src/decide/compile.ts';
import type { CallContext, RequestContext } from '../../agent/src/decide/evaluation.ts';
import type { BuildContext } from '../../agent/src/guard/build.ts';
import { buildDetectors } from '../../agent/src/guard/detectors.ts';
import { loadCatalogue } from '../../policies/catalogue/catalogue.ts';
import { type ParsedPolicy, parsePolicy } from '../../policies/schema/parse-policy.ts';
import { formatProblems } from '../../policies/schema/problem.ts';
import { loadStarter, type StarterName } from '../../policies/starter/starter.ts';

export const CATALOGUE = loadCatalogue();
/** A Tuesday, 10:00 UTC, 11:00 in Oslo. */
export const NOW_MS = Date.UTC(2026, 10, 24, 10);
export const CLAUDE: AppIdentity = { id: 'claude-code', name: 'Claude Code', identifiedBy: 'header' };

/** `yaml`: everything below `name`. Throws with the problems if it isn't a good policy. */
export function policyOf(yaml: string, remote?: BuildContext['remote']): CompiledPolicy {
  return compileText(`postern: 1\nname: test\n${yaml}`, 'test.yaml', remote);
}

/** What `compilePolicy` wants for a parsed policy. Throws with the problems if its detectors can't be made. */
export function compileOptionsFor(
  { policy, revision, source }: Extract<ParsedPolicy, { ok: true }>,
  remote?: BuildContext['remote'],
) {
  const context: BuildContext = { readFile: noFile, ...(remote !== undefined && { remote }) };
  const built = buildDetectors(policy.guardrails, context);
  if (!built.ok) throw new Error(formatProblems(source.place(built.faults)));
  return { policy, revision, catalogue: CATALOGUE, detectors: built.detectors, device: 'laptop-7' };
}

const noFile = (name: string) =>
  ({ ok: false, message: `${name} can't be read: tests have no files.` }) as const;

function compileText(text: string, fileName: string, remote?: BuildContext['remote']): CompiledPolicy {
  const parsed = parsePolicy(text, fileName, { catalogue: CATALOGUE });
  if (!parsed.ok) throw new Error(formatProblems(parsed.problems));
  const result = compilePolicy(compileOptionsFor(parsed, remote));
  if (!result.ok) throw new Error(formatProblems(parsed.source.place(result.faults)));
  return result.compiled;
}

/** A shipped starter policy, compiled. */
export function starterOf(name: StarterName): CompiledPolicy {
  const { text, fileName } = loadStarter(name);
  return compileText(text, fileName);
}

export interface CallOptions {
  readonly url?: string;
  readonly method?: string;
  readonly webSocket?: boolean;
  readonly app?: AppIdentity;
  readonly user?: string;
  readonly nowMs?: number;
  readonly readableAsText?: boolean;
}

export function callOf(compiled: CompiledPolicy, options: CallOptions = {}): CallContext {
  const {
    url = 'https://api.anthropic.com/v1/messages',
    method = 'POST',
    webSocket = false,
    app = CLAUDE,
  } = options;
  const { hostname, pathname, search } = new URL(url);
  const location = compiled.locate(hostname, method, pathname + search, webSocket);
  if (location === undefined) throw new Error(`nothing is known about ${url}`);
  const { user = 'anna', nowMs = NOW_MS } = options;
  const { readableAsText = false } = options;
  return { id: 'd-1', nowMs, user, device: 'laptop-7', app, location, readableAsText };
}

export function partOf(part: Partial<Part> = {}): Part {
  return {
    kind: 'text',
    role: 'user',
    pointer: '/messages/0/content',
    text: 'hello',
    editable: true,
    ...part,
  };
}

export function exchangeOf(exchange: Partial<ExchangeRequest> = {}): ExchangeRequest {
  return {
    dialect: 'anthropic-messages',
    operation: 'generate',
    model: 'claude-sonnet-4-5',
    stream: true,
    parts: [partOf()],
    tools: [],
    maxOutputTokens: undefined,
    ...exchange,
  };
}

export function findingOf(finding: Partial<Finding> = {}): Finding {
  return {
    kind: 'aws-access-key-id',
    label: 'AWS access key',
    severity: 'critical',
    confidence: 'high',
    start: 10,
    end: 30,
    detector: 'secrets',
    direction: 'request',
    place: '/messages/0/content',
    partKind: 'text',
    role: 'user',
    ...finding,
  };
}

export function requestOf(
  compiled: CompiledPolicy,
  request: Partial<
    Pick<RequestContext, 'exchange' | 'bytes' | 'tokensEstimate' | 'findings' | 'failures'>
  > = {},
  options: CallOptions = {},
): RequestContext {
  return {
    ...callOf(compiled, options),
    exchange: exchangeOf(),
    bytes: 1024,
    findings: [],
    failures: [],
    ...request,
  };
}

import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { loadCatalogue } from '../../../policies/catalogue/catalogue.ts';
import { parsePolicy } from '../../../policies/schema/parse-policy.ts';
import { formatProblems, type Problem } from '../../../policies/schema/problem.ts';
import { loadStarter } from '../../../policies/starter/starter.ts';
import { priceList } from '../account/price-list.ts';
import { CommandFailure, type PolicyCheck } from '../cli/ports.ts';
import { type CompiledPolicy, compilePolicy } from '../decide/compile.ts';
import { loadConditions } from '../decide/load-conditions.ts';
import type { BuildContext } from '../guard/build.ts';
import { buildDetectors, loadBuilders } from '../guard/detectors.ts';
import type { LoadedConfig } from '../sync/config.ts';
import { companionPath, readBesidePolicy } from './companion-file.ts';

const catalogue = loadCatalogue();

/** Where the policy in force comes from: a file, or the starter policy that ships with the agent. */
export interface PolicySource {
  readonly kind: 'embedded' | 'file';
  readonly file: string | undefined;
}

export interface GoodReading {
  readonly ok: true;
  readonly compiled: CompiledPolicy;
  /** Allowed, but worth a look: without effect yet, never asked, shadow mode, stored prompts. */
  readonly warnings: readonly Problem[];
  /** Files that its rules name: part of what is in force, though not of its revision. */
  readonly companions: readonly string[];
}

export type PolicyReading = GoodReading | { readonly ok: false; readonly problems: readonly Problem[] };

/** Other services that rules ask; only a running agent has them. */
export type AskRemote = NonNullable<BuildContext['remote']>;

/** `--policy` wins, unless device management has set the file. */
export function policySource(
  { config, origins }: LoadedConfig,
  commandLineFile: string | undefined,
): PolicySource {
  const managed = origins.get('policy.file') === 'managed';
  const file = managed ? config.policy.file : (commandLineFile ?? config.policy.file);
  return { kind: file === undefined ? 'embedded' : 'file', file };
}

/**
 * Text to a policy in force: parsed, checked against the catalogue, detectors and conditions compiled. All of it or
 * nothing. Asynchronous because only what this policy uses is loaded, and before its first call.
 */
export async function readPolicyText(
  text: string,
  fileName: string,
  remote?: AskRemote,
): Promise<PolicyReading> {
  const parsed = parsePolicy(text, fileName, { catalogue });
  if (!parsed.ok) return parsed;
  const { policy, revision } = parsed;
  const companions = new Set<string>();
  const readFile = (name: string) => {
    companions.add(companionPath(fileName, name));
    return readBesidePolicy(fileName, name);
  };
  const context: BuildContext = { readFile, ...(remote !== undefined && { remote }) };
  const built = buildDetectors(policy.guardrails, await loadBuilders(policy.guardrails), context);
  if (!built.ok) return { ok: false, problems: parsed.source.place(built.faults) };
  const { detectors } = built;
  const compileCondition = await loadConditions(policy);
  // A budget is asked before a call, which must not wait for the list.
  if (policy.budgets.length > 0) priceList();
  const device = hostname();
  const result = compilePolicy({ policy, revision, catalogue, detectors, compileCondition, device });
  if (!result.ok) return { ok: false, problems: parsed.source.place(result.faults) };
  const warnings = [...parsed.warnings, ...parsed.source.place(built.warnings)];
  return { ok: true, compiled: result.compiled, warnings, companions: [...companions] };
}

export async function readPolicySource(source: PolicySource, remote?: AskRemote): Promise<PolicyReading> {
  if (source.file === undefined) {
    const { text, fileName } = loadStarter('baseline');
    return readPolicyText(text, fileName, remote);
  }
  return readPolicyText(readPolicyFile(source.file), source.file, remote);
}

/** Throws CommandFailure with every problem's place and mend. */
export const requirePolicy = async (source: PolicySource): Promise<CompiledPolicy> =>
  (await requireReading(source)).compiled;

/** The same, with what is worth a second look. */
export async function requireReading(source: PolicySource, remote?: AskRemote): Promise<GoodReading> {
  const reading = await readPolicySource(source, remote);
  if (reading.ok) return reading;
  throw new CommandFailure(
    'policy-invalid',
    2,
    `The policy can't be used:\n${formatProblems(reading.problems).trimEnd()}`,
  );
}

export async function checkPolicy(file: string): Promise<PolicyCheck> {
  const reading = await readPolicyText(readPolicyFile(file, true), file);
  if (!reading.ok) return { ok: false, file, problems: reading.problems };
  const { policy, identity } = reading.compiled;
  const { services, models, guardrails, budgets, limits, prices, apps } = policy;
  const rules = {
    services: services.length,
    models: models.length,
    guardrails: guardrails.length,
    budgets: budgets.length,
    limits: limits.length,
    prices: prices.length,
    apps: apps.rules.length,
  };
  return { ok: true, file, policy: identity, rules, warnings: reading.warnings };
}

function readPolicyFile(file: string, pipes = false): string {
  try {
    // An agent that reads a pipe or a device could wait for ever; somebody who checks a text may well pipe it.
    if (!pipes && !statSync(file).isFile()) throw new Error("it isn't a file");
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(
      'policy-unreadable',
      2,
      `The policy file ${file} can't be read: ${why}`,
      'Check the path and its permissions.',
      { cause },
    );
  }
}

import { existsSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { CATALOGUE_TARGET, POLICY_TARGET, PRICES_TARGET } from '../../../policies/bundle/names.ts';
import type { Read } from '../../../policies/bundle/overlays.ts';
import { loadCatalogue } from '../../../policies/catalogue/catalogue.ts';
import type { Catalogue } from '../../../policies/schema/catalogue.ts';
import { parsePolicy } from '../../../policies/schema/parse-policy.ts';
import type { Policy } from '../../../policies/schema/policy.ts';
import type { PriceRule } from '../../../policies/schema/prices.ts';
import { formatProblems, type Problem } from '../../../policies/schema/problem.ts';
import { loadStarter } from '../../../policies/starter/starter.ts';
import { priceList } from '../account/price-list.ts';
import { CommandFailure, type PolicyCheck } from '../cli/ports.ts';
import { type CompiledPolicy, compilePolicy } from '../decide/compile.ts';
import { loadConditions } from '../decide/load-conditions.ts';
import type { BuildContext } from '../guard/build.ts';
import { buildDetectors, loadBuilders } from '../guard/detectors.ts';
import type { LoadedConfig } from '../sync/config.ts';
import type { Release } from '../sync/policy-source/release-store.ts';
import { companionPath, readBesidePolicy } from './companion-file.ts';
import { releasesAtHand } from './policy-roots.ts';

const shippedCatalogue = loadCatalogue();

/** Where the policy in force comes from: a signed release, a file, or the starter policy that ships with the agent. */
export interface PolicySource {
  readonly kind: 'embedded' | 'file' | 'bundle';
  readonly file: string | undefined;
  /** Of a signed release. */
  readonly release?: Release;
}

/** What a release brings beside its policy. */
export interface PolicyAdditions {
  readonly catalogue?: Catalogue | undefined;
  /** Asked after the policy's own. */
  readonly prices?: readonly PriceRule[] | undefined;
  /** It is for this device, whatever its canary's share. */
  readonly isRelease?: true;
}

export interface GoodReading {
  readonly ok: true;
  readonly compiled: CompiledPolicy;
  /** Allowed, but worth a look: never asked, shadow mode, stored prompts. */
  readonly warnings: readonly Problem[];
  /** Files that its rules name: part of what is in force, though not of its revision. */
  readonly companions: readonly string[];
  /** What it was compiled with. */
  readonly catalogue: Catalogue;
  readonly device: string | undefined;
}

export type PolicyReading = GoodReading | { readonly ok: false; readonly problems: readonly Problem[] };

/** Other services that rules ask; only a running agent has them. */
export type AskRemote = NonNullable<BuildContext['remote']>;

/** The newest release of a policy source, else a file. `--policy` wins, unless device management has set either. */
export async function policySource(
  settings: LoadedConfig,
  commandLineFile: string | undefined,
  home: string,
): Promise<PolicySource> {
  if (!followsSource(settings, commandLineFile)) return fileSource(settings, commandLineFile);
  const [release] = await releasesAtHand(settings, home);
  return release === undefined ? fileSource(settings, commandLineFile) : bundleSource(release);
}

export function fileSource(
  { config, origins }: LoadedConfig,
  commandLineFile: string | undefined,
): PolicySource {
  const managed = origins.get('policy.file') === 'managed';
  const file = managed ? config.policy.file : (commandLineFile ?? config.policy.file);
  return { kind: file === undefined ? 'embedded' : 'file', file };
}

/** A source goes before a file, unless the file is managed and the source is the person's own. */
export function followsSource(
  { config, origins }: LoadedConfig,
  commandLineFile: string | undefined,
): boolean {
  if (config.policy.source === undefined) return false;
  if (origins.get('policy.source') === 'managed') return true;
  return commandLineFile === undefined && origins.get('policy.file') !== 'managed';
}

export const bundleSource = (release: Release): PolicySource => ({
  kind: 'bundle',
  file: path.join(release.directory, 'files', POLICY_TARGET),
  release,
});

/**
 * Text to a policy in force: parsed, checked against the catalogue, detectors and conditions compiled. All of it or
 * nothing. Asynchronous because only what this policy uses is loaded, and before its first call.
 */
export async function readPolicyText(
  text: string,
  fileName: string,
  remote?: AskRemote,
  additions: PolicyAdditions = {},
): Promise<PolicyReading> {
  const catalogue = additions.catalogue ?? shippedCatalogue;
  const parsed = parsePolicy(text, fileName, { catalogue });
  if (!parsed.ok) return parsed;
  const { revision } = parsed;
  const { prices = [] } = additions;
  const policy =
    prices.length === 0 ? parsed.policy : { ...parsed.policy, prices: [...parsed.policy.prices, ...prices] };
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
  const device = additions.isRelease ? undefined : hostname();
  const result = compilePolicy({ policy, revision, catalogue, detectors, compileCondition, device });
  if (!result.ok) return { ok: false, problems: parsed.source.place(result.faults) };
  const warnings = [...parsed.warnings, ...parsed.source.place(built.warnings)];
  return { ok: true, compiled: result.compiled, warnings, companions: [...companions], catalogue, device };
}

/** The same rules and detectors, in a document that something has been laid over: switches, an override, a date. */
export async function recompile(
  { compiled, catalogue, device }: GoodReading,
  policy: Policy,
): Promise<CompiledPolicy> {
  const { detectors, identity } = compiled;
  const compileCondition = await loadConditions(policy);
  const { revision } = identity;
  const result = compilePolicy({
    policy,
    revision,
    catalogue,
    detectors,
    compileCondition,
    device,
  });
  if (result.ok) return result.compiled;
  throw new Error(`What is laid over the policy can't be compiled: ${result.faults[0]?.message}`);
}

export async function readPolicySource(source: PolicySource, remote?: AskRemote): Promise<PolicyReading> {
  if (source.file === undefined) {
    const { text, fileName } = loadStarter('baseline');
    return readPolicyText(text, fileName, remote);
  }
  const text = readPolicyFile(source.file);
  if (source.release === undefined) return readPolicyText(text, source.file, remote);
  const additions = await readAdditions(path.dirname(source.file));
  return additions.ok ? readPolicyText(text, source.file, remote, additions.value) : additions;
}

/** What a release brings for the catalogue and the prices; a mistake there refuses all of it. */
async function readAdditions(
  directory: string,
): Promise<
  { readonly ok: true; readonly value: PolicyAdditions } | { ok: false; problems: readonly Problem[] }
> {
  const { readCatalogueOverlay, readPriceOverlay } = await import('../../../policies/bundle/overlays.ts');
  const read = <T>(name: string, parse: (text: string) => Read<T>): Read<T> | undefined => {
    const file = path.join(directory, name);
    return existsSync(file) ? parse(readFileSync(file, 'utf8')) : undefined;
  };
  const catalogue = read(CATALOGUE_TARGET, (text) => readCatalogueOverlay(text, shippedCatalogue));
  const prices = read(PRICES_TARGET, readPriceOverlay);
  const problems = [
    ...problemsOf(path.join(directory, CATALOGUE_TARGET), catalogue),
    ...problemsOf(path.join(directory, PRICES_TARGET), prices),
  ];
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: {
      isRelease: true,
      ...(catalogue?.ok === true && { catalogue: catalogue.value }),
      ...(prices?.ok === true && { prices: prices.value }),
    },
  };
}

const problemsOf = (file: string, read: Read<unknown> | undefined): Problem[] =>
  read === undefined || read.ok
    ? []
    : read.problems.map(({ field, message }) => ({
        file,
        line: 1,
        column: 1,
        field,
        message,
        mend: 'Whoever publishes policy must sign a correct one.',
      }));

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

export function readPolicyFile(file: string, pipes = false): string {
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

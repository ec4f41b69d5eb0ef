/**
 * What the commands need that no running agent answers. main.ts implements these with the real rooms; they are plain
 * functions over plain data, so that the CLI knows neither database nor rules.
 */
import type { Action, AppIdentity, Mode, PolicyIdentity } from '../core/decision.ts';
import type { ExportFormat } from '../core/records.ts';
import type { BudgetView, FileProblem, UsageGroup, UsageReport } from '../serve/contract.ts';

/** Which agent is meant. Both paths are absolute. */
export interface Place {
  readonly home: string;
  readonly configFile: string | undefined;
}

export interface StartOptions extends Place {
  /** `--policy`; wins over the config's `policy.file` unless that one is managed. */
  readonly policyFile: string | undefined;
  /** `take-free`: if the configured port is taken, listen on any free one (an agent for one command). */
  readonly portTaken: 'fail' | 'take-free';
}

/** What the ready line says. */
export interface ReadyAgent {
  readonly proxy: string;
  readonly pac: string;
  readonly ca: string;
  readonly socket: string;
  readonly policy: PolicyIdentity;
}

export interface RunningAgent {
  readonly ready: ReadyAgent;
  /** Sentences worth showing at start: what is degraded, what in the config is not used. */
  readonly notices: readonly string[];
  /** Called with the number of open leases whenever it changes (`LocalApiOptions.onLeases`). */
  onLeases(listener: (count: number) => void): void;
  /** Drains and closes everything, within 5 s. Safe to call twice. */
  stop(): Promise<void>;
  /** Resolves when the agent has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
}

export interface ExplainQuestion extends Place {
  /** A URL (`https://…`) or a decision id. */
  readonly subject: string;
  readonly method: string | undefined;
  /** Catalogue id of an app. */
  readonly app: string | undefined;
  /** The request's body, as it would be sent. */
  readonly body: Uint8Array | undefined;
  readonly policyFile: string | undefined;
}

/** The decision record, with what led to it. */
export interface Explanation {
  readonly id: string | undefined;
  readonly decision: Action;
  readonly effective: Action;
  readonly reasons: readonly {
    readonly rule: string;
    readonly action: Action;
    readonly text: string;
    readonly message?: string | undefined;
    /** The rule is on trial: it counts in `decision`, not in `effective`. */
    readonly shadow?: true | undefined;
  }[];
  /** Undefined: no AI service; the connection is tunnelled untouched. */
  readonly service: string | undefined;
  readonly mode: Mode;
  readonly operation: string | undefined;
  readonly model: string | undefined;
  readonly app: AppIdentity;
  readonly policy: PolicyIdentity;
  /** Of a recorded exchange. */
  readonly startedAtMs?: number | undefined;
  readonly findings?: Readonly<Record<string, number>> | undefined;
  /** Every rule that was looked at, in order, and whether it applied. */
  readonly trace?:
    | readonly {
        readonly rule: string;
        readonly applied: boolean;
        readonly text: string;
        readonly shadow?: true | undefined;
      }[]
    | undefined;
  /** What the person should know about this answer. */
  readonly notes?: readonly string[] | undefined;
}

export type PolicyCheck =
  | {
      readonly ok: true;
      readonly file: string;
      readonly policy: PolicyIdentity;
      /** How many of each: `{services: 2, guardrails: 1}`. */
      readonly rules: Readonly<Record<string, number>>;
      readonly warnings: readonly FileProblem[];
    }
  | { readonly ok: false; readonly file: string; readonly problems: readonly FileProblem[] };

export interface CaseOutcome {
  readonly name: string;
  readonly ok: boolean;
  /** What differs from what the case expects. */
  readonly problems: readonly string[];
}

export interface PolicyTest {
  readonly policy: PolicyIdentity;
  readonly file: string;
  readonly cases: readonly CaseOutcome[];
}

/** One difference between two policies. */
export interface PolicyChange {
  /** Whether calls get less freedom by it; undefined where that can't be said. */
  readonly effect: 'tighter' | 'looser' | undefined;
  readonly text: string;
}

export interface PolicyDiff {
  readonly from: PolicyIdentity;
  readonly to: PolicyIdentity;
  readonly changes: readonly PolicyChange[];
}

export interface ReplayQuestion extends Place {
  readonly policyFile: string;
  readonly sinceMs: number;
}

/** A recorded call on which the policy would decide otherwise than was done. */
export interface ReplayedCall {
  readonly id: string;
  readonly atMs: number;
  readonly user: string;
  readonly app: string;
  readonly service: string;
  readonly model: string | undefined;
  readonly before: Action;
  readonly after: Action;
  /** The rules that say so. */
  readonly rules: readonly string[];
  readonly nanoUsd: number | undefined;
}

export interface PolicyReplay {
  readonly policy: PolicyIdentity;
  readonly sinceMs: number;
  readonly calls: number;
  /** Of these, calls whose text was stored and could be searched again. */
  readonly withText: number;
  /** How many calls per action: what was done, and what would be done. */
  readonly outcomes: Readonly<Record<Action, { readonly before: number; readonly after: number }>>;
  /** What calls cost that would be refused now and weren't then. */
  readonly refusedNanoUsd: number;
  readonly changed: readonly ReplayedCall[];
  /** In sentences: what the records can't tell. */
  readonly limits: readonly string[];
}

/** One line of the audit log, as it is exported. */
export interface AuditLine {
  readonly sequence: number;
  readonly atMs: number;
  /** `exchange`, or an event's code. */
  readonly kind: string;
  readonly app?: string | undefined;
  readonly service?: string | undefined;
  readonly model?: string | undefined;
  readonly effective?: Action | undefined;
  readonly nanoUsd?: number | undefined;
  readonly detail?: string | undefined;
  /** The record itself, as stored. */
  readonly record: Readonly<Record<string, unknown>>;
}

export interface AuditExport {
  readonly format: ExportFormat;
  /** From this moment on, and before that one. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

export interface UsageQuestion {
  readonly by: UsageGroup;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

export interface AuditVerification {
  readonly ok: boolean;
  readonly records: number;
  /** Signed heads that were checked. */
  readonly heads: number;
  readonly firstAtMs?: number | undefined;
  readonly lastAtMs?: number | undefined;
  readonly lastHash?: string | undefined;
  /** What doesn't fit, at which sequence number. */
  readonly problems: readonly { readonly sequence: number | undefined; readonly text: string }[];
}

export interface TrustStatus {
  readonly caFile: string;
  readonly fingerprintSha256: string;
  readonly notAfterMs: number;
  /** Names the CA may sign for. */
  readonly permitted: readonly string[];
  /** Names that the policy wants inspected but the CA may not sign for. */
  readonly uncovered: readonly string[];
}

export interface TrustRenewal {
  readonly renewed: boolean;
  /** Plain words: what changed, and what must be done with the new certificate. */
  readonly explanation: string;
  readonly status: TrustStatus;
}

/** Where a bundle repository and the keys that sign it lie. Paths are absolute. */
export interface BundlePlace {
  readonly repository: string;
  /** Several, so that root keys can come from media of their own; new keys go into the first. */
  readonly keyDirectories: readonly string[];
  readonly passphraseFile: string | undefined;
  readonly lifetimeDays: Readonly<Partial<Record<'root' | 'targets' | 'snapshot' | 'timestamp', number>>>;
}

export interface KeygenAnswer {
  readonly files: readonly string[];
  /** What devices are given to begin with; none for a group's key. */
  readonly rootFile: string | undefined;
  readonly fingerprint: string | undefined;
}

export interface SignAnswer {
  readonly policy: PolicyIdentity;
  readonly group: string | undefined;
  readonly files: readonly string[];
  readonly version: number;
  readonly timestampVersion: number;
}

export interface PublishAnswer {
  readonly directory: string;
  readonly copied: number;
  readonly present: number;
  readonly timestampVersion: number;
}

export interface RefreshAnswer {
  readonly renewed: readonly string[];
  readonly timestampVersion: number;
  readonly timestampExpiresMs: number;
  /** Only when it is soon: a root that has ended stops every push. */
  readonly rootEndsInDays?: number;
}

export interface RotateAnswer {
  readonly roles: readonly string[];
  readonly rootVersion: number;
  readonly made: readonly string[];
  readonly retired: readonly string[];
}

export interface BundleKeys {
  readonly roles: readonly {
    readonly role: string;
    readonly threshold: number;
    readonly keys: readonly { readonly id: string; readonly file?: string }[];
  }[];
}

/** Policy as a signed repository: who publishes it. */
export interface BundleTools {
  keygen(
    place: BundlePlace,
    options: { rootKeys: number; rootThreshold: number; group: string | undefined },
  ): Promise<KeygenAnswer>;
  sign(
    place: BundlePlace,
    wanted: {
      readonly policyFile: string;
      readonly catalogueFile: string | undefined;
      readonly pricesFile: string | undefined;
      readonly switchesFile: string | undefined;
      readonly group: string | undefined;
    },
  ): Promise<SignAnswer>;
  publish(place: BundlePlace, directory: string): Promise<PublishAnswer>;
  refresh(place: BundlePlace): Promise<RefreshAnswer>;
  rotate(place: BundlePlace, role: string, key: string | undefined): Promise<RotateAnswer>;
  revoke(place: BundlePlace, key: string): Promise<RotateAnswer>;
  keys(place: BundlePlace): Promise<BundleKeys>;
}

/** A help desk's code for one device. */
export interface OverrideQuestion {
  readonly masterFile: string;
  readonly device: string;
  readonly scope: 'observe' | 'aside';
  readonly hours: number;
}

export interface AgentCommands {
  readonly version: string;
  /** How this very program is started again: `[node, postern.js]`, or the single executable. */
  readonly commandLine: readonly [string, ...string[]];
  /** Rejects with CommandFailure, ConfigError, PlatformError or LocalApiError. */
  start(options: StartOptions): Promise<RunningAgent>;
  explain(question: ExplainQuestion): Promise<Explanation>;
  checkPolicy(file: string): Promise<PolicyCheck>;
  testPolicy(policyFile: string, casesFile: string): Promise<PolicyTest>;
  diffPolicies(fromFile: string, toFile: string): Promise<PolicyDiff>;
  replayPolicy(question: ReplayQuestion): Promise<PolicyReplay>;
  bundleTools(): Promise<BundleTools>;
  /** A new master secret, written to a file; the secret of one device; a code for it. */
  overrideMaster(file: string): Promise<void>;
  overrideSecret(masterFile: string, device: string): Promise<string>;
  overrideCode(question: OverrideQuestion): Promise<{ readonly code: string; readonly untilMs: number }>;
  /** The last `limit` lines, oldest first. */
  auditTail(place: Place, limit: number): Promise<readonly AuditLine[]>;
  /** Lines with their ends, oldest first. */
  auditExport(place: Place, wanted: AuditExport): AsyncIterable<string>;
  /** `headsFile`: signed heads from a collector that the log must agree with. */
  auditVerify(place: Place, headsFile?: string): Promise<AuditVerification>;
  /** How the policy's budgets stand, from the database. */
  budgets(place: Place, policyFile: string | undefined): Promise<readonly BudgetView[]>;
  usage(place: Place, question: UsageQuestion): Promise<UsageReport>;
  trustStatus(place: Place): Promise<TrustStatus>;
  trustRenew(place: Place): Promise<TrustRenewal>;
  /** Forgets which organisation the device belongs to; for administrators only where one manages it. */
  enrolReset(place: Place): Promise<{ readonly was: string | undefined }>;
}

/** A command that can't be done: one sentence, what to do, and the exit code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: string;
  readonly exitCode: 1 | 2 | 3;
  readonly mend: string | undefined;
  /** `code` is kebab-case: `port-taken`, `database-locked`, `policy-invalid`. */
  constructor(code: string, exitCode: 1 | 2 | 3, message: string, mend?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.exitCode = exitCode;
    this.mend = mend;
  }
}

import { tokenWeight } from '../account/estimate-tokens.ts';
import { estimateUsage, type OutputSeen } from '../account/estimate-usage.ts';
import { mergeUsage, type UsageReport } from '../account/merge-usage.ts';
import type { PriceBook } from '../account/price-book.ts';
import { type Decision, isRefusal, type Reason } from '../core/decision.ts';
import type { ExchangeEvent, ExchangeRequest, Operation, Part } from '../core/exchange.ts';
import type { Finding } from '../core/finding.ts';
import type { FlowOutcome } from '../core/flow.ts';
import type { ExchangeRecord, RecordedReason } from '../core/records.ts';
import type { CallSpend } from './call-spend.ts';
import type { JourneyPorts } from './ports.ts';
import { spendTermsOf } from './spend-terms.ts';

const NO_PARTS: readonly Part[] = [];
const NOT_SEARCHED: ExchangeRecord['detectors'] = {};
/** Operations that a provider charges for. */
const CHARGED: ReadonlySet<Operation> = new Set(['generate', 'embed']);

/** Which texts the policy has kept: `privacy.content`. */
export type ContentKept = 'never' | 'blocked' | 'always';

interface Settled {
  readonly model: string | undefined;
  readonly priced: Pick<ExchangeRecord, 'usage' | 'usageEstimated' | 'cost'>;
  readonly note: ExchangeRecord['spend'];
}

/** What one exchange has shown so far; becomes its record. Holds counts, and text only where the policy keeps it. */
export class ExchangeLog {
  readonly #ports: JourneyPorts;
  readonly #startedAtMs: number;
  readonly #host: string;
  decision: Decision;
  operation: Operation;
  status: number | undefined;
  #parts: readonly Part[] = NO_PARTS;
  #detectors = NOT_SEARCHED;
  #settled: Settled | undefined;
  #usage: UsageReport | undefined;
  #outputTokens = 0;
  readonly #prices: PriceBook;
  #images = 0;
  /** Set if the call counts against budgets or limits; settled with the record. */
  spend: CallSpend | undefined;
  /** Name of the virtual key, where the call goes through the gateway. */
  key: string | undefined;
  /** The answer has begun, or ended in an error of its own. */
  onAnswer: ((event: Extract<ExchangeEvent, { type: 'start' | 'error' }>) => void) | undefined;
  /** True once the request is on its way: the provider may charge for it, also if nobody waits for the answer. */
  sent = false;
  readonly #kept: ContentKept;
  #outputText = '';
  #answerModel: string | undefined;
  /** In a body of unknown format, what stands under `model` may be anything, a prompt included: it isn't kept. */
  #namesModel = true;

  constructor(
    ports: JourneyPorts,
    startedAtMs: number,
    host: string,
    operation: Operation,
    decision: Decision,
  ) {
    this.#ports = ports;
    const policy = ports.policy();
    this.#kept = policy.policy.privacy.content;
    this.#prices = spendTermsOf(policy).prices;
    this.#startedAtMs = startedAtMs;
    this.#host = host;
    this.operation = operation;
    this.decision = decision;
  }

  readRequest(exchange: ExchangeRequest): void {
    this.operation = exchange.operation;
    this.#parts = exchange.parts;
    for (const { kind, spells } of exchange.parts) {
      if (kind === 'image' && spells === undefined) this.#images += 1;
    }
    this.#namesModel = exchange.dialect !== 'opaque';
  }

  /** Which detectors have searched the request, and what they found. */
  searched(detectorKeys: readonly string[], findings: readonly Finding[]): void {
    const kinds: Record<string, string[]> = {};
    for (const key of detectorKeys) kinds[key] = [];
    for (const { detector, kind } of findings) {
      if (!kinds[detector]?.includes(kind)) kinds[detector]?.push(kind);
    }
    this.#detectors = kinds;
  }

  addUsage(report: UsageReport): void {
    this.#usage = mergeUsage(this.#usage, report);
    this.spend?.usage(this.#usage);
  }

  addOutput(text: string): void {
    const weight = tokenWeight(text);
    this.#outputTokens += weight;
    this.spend?.output(weight);
    this.keepOutput(text);
  }

  /** Of an answer whose tokens the provider has counted: nothing has to be estimated. */
  keepOutput(text: string): void {
    if (this.#kept === 'always') this.#outputText += text;
  }

  nameModel(model: string | undefined): void {
    this.#answerModel ??= model;
  }

  /** Charges the call, once: budgets don't wait for what other services still have to say. */
  settle(outcome: FlowOutcome, endedAtMs: number): Settled {
    if (this.#settled !== undefined) return this.#settled;
    const model = this.#namesModel ? (this.decision.model ?? this.#answerModel) : undefined;
    const priced = this.#price(outcome, model, endedAtMs);
    this.#settled = { model, priced, note: this.spend?.note };
    const { usage, usageEstimated, cost } = priced;
    if (this.spend !== undefined)
      this.decision = this.spend.settle(this.decision, usage, cost?.nanoUsd, !usageEstimated);
    return this.#settled;
  }

  close(outcome: FlowOutcome, endedAtMs = this.#ports.nowMs()): void {
    const { model, priced, note } = this.settle(outcome, endedAtMs);
    const { decision, operation } = this;
    const record: ExchangeRecord = {
      id: decision.id,
      startedAtMs: this.#startedAtMs,
      endedAtMs,
      device: this.#ports.device,
      user: this.#ports.user(),
      app: decision.app,
      service: decision.service,
      host: this.#host,
      operation,
      model,
      mode: decision.mode,
      ...(this.key !== undefined && { key: this.key }),
      decision: decision.decision,
      effective: decision.effective,
      reasons: decision.reasons.map(recordedReason),
      findings: countKinds(decision),
      detectors: this.#detectors,
      result: outcome.result,
      cause: outcome.cause,
      status: this.status,
      requestBytes: outcome.requestBytes,
      responseBytes: outcome.responseBytes,
      ...priced,
      addedMs: outcome.addedMs,
      policy: decision.policy,
      ...(note !== undefined && { spend: note }),
      ...this.#content(),
    };
    this.#ports.recorder.exchange(record);
    this.#tellFailures();
    this.#ports.onExchange?.(record);
  }

  #tellFailures(): void {
    const { failed, policy } = this.#ports;
    if (failed === undefined) return;
    for (const { rule } of this.decision.reasons) {
      if (rule.kind !== 'failure') continue;
      failed(
        rule.id,
        policy().rules.guardrails.some(({ id }) => id === rule.id),
      );
    }
  }

  #content(): Pick<ExchangeRecord, 'content'> {
    const keeps = this.#kept === 'always' || (this.#kept === 'blocked' && isRefusal(this.decision.effective));
    if (!keeps) return {};
    const request = this.#parts.map(({ text }) => text ?? '').join('\n');
    return { content: { request, response: this.#outputText === '' ? undefined : this.#outputText } };
  }

  /** What the provider reported, else an estimate: an aborted stream is charged by the provider too. */
  #price(
    outcome: FlowOutcome,
    model: string | undefined,
    atMs: number,
  ): Pick<ExchangeRecord, 'usage' | 'usageEstimated' | 'cost'> {
    const nothing = { usage: undefined, usageEstimated: false, cost: undefined };
    // An answer that we refused has been charged like any other; a refused request has no status.
    const answered = this.status !== undefined && this.status < 300;
    const abandoned = this.status === undefined && this.sent && outcome.result === 'client-aborted';
    if (!(answered || abandoned) || !CHARGED.has(this.operation)) return nothing;
    const output: OutputSeen = { tokens: this.#outputTokens };
    // Nothing was read of this call, in or out: an estimate would be invented.
    if (this.#usage === undefined && this.#parts.length === 0 && this.#outputTokens === 0) return nothing;
    const { usage, estimated } = estimateUsage(this.#parts, output, this.#usage);
    const { service } = this.decision;
    const call = { service, model, usage, usageEstimated: estimated, images: this.#images, atMs };
    const cost = this.#prices.priceUsage(call);
    return { usage, usageEstimated: estimated, cost };
  }
}

const recordedReason = ({ rule, action, text, message, shadow }: Reason): RecordedReason => ({
  rule: rule.id,
  action,
  text,
  ...(message === undefined ? {} : { message }),
  ...(shadow === undefined ? {} : { shadow }),
});

/** How often each kind was found; a finding that concerned several rules counts once. */
function countKinds({ reasons }: Decision): Record<string, number> {
  const counts: Record<string, number> = {};
  const seen = new Set<Finding>();
  for (const { findings } of reasons) {
    for (const finding of findings) {
      if (seen.has(finding)) continue;
      seen.add(finding);
      counts[finding.kind] = (counts[finding.kind] ?? 0) + 1;
    }
  }
  return counts;
}

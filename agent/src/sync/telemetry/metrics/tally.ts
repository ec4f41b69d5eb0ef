/**
 * Calls counted by what they have in common: a map look-up per call, read out when somebody collects. Pure. Holds no
 * user: how much a person does is in nobody's metrics.
 */
import type { ExchangeRecord } from '../../../core/records.ts';
import { operationName, providerName, SEMCONV } from '../../../core/semantic-conventions.ts';

export type Labels = Readonly<Record<string, string | boolean>>;

export interface CallCount {
  readonly labels: Labels;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
}

export interface LabelCount {
  readonly labels: Labels;
  count: number;
}

const NANO = 1e9;
/** More combinations than this are one: a client that invents model names must not fill the memory. */
const MAX_COMBINATIONS = 1_000;
const OVERFLOW: Labels = { 'otel.metric.overflow': true };

export class Tally {
  readonly #calls = new Map<string, CallCount>();
  readonly #rules = new Map<string, LabelCount>();
  readonly #findings = new Map<string, LabelCount>();

  add(record: ExchangeRecord): void {
    const { app, service, operation, model, mode, decision, effective, result, usage, cost } = record;
    const key = [app.id, service, operation, model, mode, decision, effective, result].join('\0');
    const counted = entryOf(this.#calls, key, () => ({
      labels: {
        [SEMCONV.operation]: operationName(operation),
        [SEMCONV.provider]: providerName(service),
        ...(model !== undefined && { [SEMCONV.model]: model }),
        'postern.service': service,
        'postern.app': app.id,
        'postern.mode': mode,
        'postern.decision': decision,
        'postern.effective': effective,
        'postern.result': result,
      },
      ...NO_CALLS,
    }));
    counted.calls += 1;
    counted.inputTokens += usage?.inputTokens ?? 0;
    counted.outputTokens += usage?.outputTokens ?? 0;
    counted.costUsd += (cost?.nanoUsd ?? 0) / NANO;
    for (const { rule, action, shadow } of record.reasons) {
      if (action === 'allow') continue;
      const labels = { 'postern.rule': rule, 'postern.action': action, 'postern.trial': shadow === true };
      entryOf(this.#rules, `${rule}\0${action}\0${shadow}`, () => ({ labels, count: 0 })).count += 1;
    }
    for (const [kind, count] of Object.entries(record.findings)) {
      const labels = { 'postern.finding': kind };
      entryOf(this.#findings, kind, () => ({ labels, count: 0 })).count += count;
    }
  }

  /** `least`: groups of fewer calls than that are kept back until they have grown. */
  calls(least = 1): CallCount[] {
    return [...this.#calls.values()].filter(({ calls }) => calls >= least);
  }

  rules(least = 1): LabelCount[] {
    return [...this.#rules.values()].filter(({ count }) => count >= least);
  }

  findings(least = 1): LabelCount[] {
    return [...this.#findings.values()].filter(({ count }) => count >= least);
  }
}

const NO_CALLS = { calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0 };

function entryOf<T extends { readonly labels: Labels }>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  if (map.size >= MAX_COMBINATIONS) {
    const rest = map.get('') ?? { ...make(), labels: OVERFLOW };
    map.set('', rest);
    return rest;
  }
  const made = make();
  map.set(key, made);
  return made;
}

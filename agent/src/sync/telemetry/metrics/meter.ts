/** The agent's instruments, on OpenTelemetry's metrics SDK; collected when an upload or a scrape is due. */
import type { Attributes, ObservableResult } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider, MetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ExchangeRecord } from '../../../core/records.ts';
import { operationName, providerName, SEMCONV } from '../../../core/semantic-conventions.ts';
import type { CourierView } from '../courier.ts';
import type { AgentFacts } from '../heartbeat.ts';
import { type LabelCount, Tally } from './tally.ts';

export interface MeterOptions {
  readonly resource: Resource;
  readonly facts: () => AgentFacts;
  readonly couriers: () => readonly CourierView[];
  /** Records that the log itself could not keep. */
  readonly recordsDropped: () => number;
  /** Groups of fewer calls are kept back; 1 for none. */
  readonly leastCalls: number;
}

export interface Meter {
  exchange(record: ExchangeRecord): void;
  collect(): Promise<ResourceMetrics>;
  close(): Promise<void>;
}

/** Collected by whoever asks: the SDK's own periodic reader would bring its own delivery. */
class AskedReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

/** Seconds. What the agent adds is to stay below 0.5 ms; what it may cost at worst is in the promise: 10 ms. */
const ADDED_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
/** https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/ asks for exactly these. */
const DURATION_SECONDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

export function createMeter(options: MeterOptions): Meter {
  const { resource, facts, couriers, recordsDropped, leastCalls } = options;
  const reader = new AskedReader();
  const provider = new MeterProvider({ resource, readers: [reader] });
  const meter = provider.getMeter('postern');
  const tally = new Tally();
  type Observe = (result: ObservableResult) => void;
  const counter = (name: string, unit: string, description: string, observe: Observe): void =>
    meter.createObservableCounter(name, { unit, description }).addCallback(observe);
  const gauge = (name: string, unit: string, description: string, observe: Observe): void =>
    meter.createObservableGauge(name, { unit, description }).addCallback(observe);
  const each = (result: ObservableResult, counts: readonly LabelCount[]): void => {
    for (const { count, labels } of counts) result.observe(count, labels);
  };

  counter('postern.calls', '{call}', 'Governed calls to AI services.', (result) => {
    for (const { calls, labels } of tally.calls(leastCalls)) result.observe(calls, labels);
  });
  counter('postern.tokens', '{token}', 'Tokens of governed calls.', (result) => {
    for (const { inputTokens, outputTokens, labels } of tally.calls(leastCalls)) {
      result.observe(inputTokens, { ...labels, [SEMCONV.tokenType]: 'input' });
      result.observe(outputTokens, { ...labels, [SEMCONV.tokenType]: 'output' });
    }
  });
  counter('postern.cost.usd', '{USD}', 'What governed calls cost, in US dollars.', (result) => {
    for (const { costUsd, labels } of tally.calls(leastCalls)) result.observe(costUsd, labels);
  });
  counter(
    'postern.rule.hits',
    '{call}',
    'Calls that a rule had something against, on trial or in force.',
    (result) => each(result, tally.rules(leastCalls)),
  );
  counter('postern.findings', '{finding}', 'What detectors found, by kind.', (result) =>
    each(result, tally.findings(leastCalls)),
  );
  const added = meter.createHistogram('postern.latency.added', {
    unit: 's',
    description: 'What the agent itself added to a call.',
    advice: { explicitBucketBoundaries: ADDED_SECONDS },
  });
  const duration = meter.createHistogram(SEMCONV.operationDuration, {
    unit: 's',
    description: 'From the request to the end of the answer.',
    advice: { explicitBucketBoundaries: DURATION_SECONDS },
  });

  gauge('postern.policy.active', '{policy}', 'The policy in force.', (result) => {
    const { policy, version } = facts();
    result.observe(1, {
      'postern.policy.name': policy.name,
      'postern.policy.revision': policy.revision,
      'postern.version': version,
    });
  });
  gauge('postern.degraded', '{reason}', 'Reasons why not all is as it should be.', (result) => {
    for (const code of facts().degraded) result.observe(1, { 'postern.reason': code });
  });
  counter(
    'postern.coverage',
    '{use}',
    'What apps did with AI services, by whether it was governed.',
    (result) => {
      for (const { app, service, governed, tunnelled, uncovered } of facts().coverage) {
        const states = { governed, tunnelled, uncovered };
        for (const [state, count] of Object.entries(states)) {
          if (count > 0 && count >= leastCalls)
            result.observe(count, {
              'postern.app': app,
              'postern.service': service,
              'postern.use': state,
            });
        }
      }
    },
  );
  const ofCouriers =
    (read: (view: CourierView) => number): Observe =>
    (result) => {
      for (const [kind, sum] of byKind(couriers(), read))
        result.observe(sum, { 'postern.destination': kind });
    };
  gauge(
    'postern.outbox.records',
    '{record}',
    'Records that a collector does not have yet.',
    ofCouriers(({ outbox }) => outbox?.waiting.records ?? 0),
  );
  gauge(
    'postern.outbox.size',
    'By',
    'Their size in the log.',
    ofCouriers(({ outbox }) => outbox?.waiting.bytes ?? 0),
  );
  counter(
    'postern.outbox.dropped',
    '{record}',
    'Records given up: the cap, or the end of retention.',
    ofCouriers(({ outbox }) => outbox?.dropped ?? 0),
  );
  counter(
    'postern.outbox.rejected',
    '{record}',
    'Records that a collector refused for good.',
    ofCouriers(({ outbox }) => outbox?.rejected ?? 0),
  );
  counter(
    'postern.outbox.failures',
    '{attempt}',
    'Attempts to deliver that failed.',
    ofCouriers(({ failuresTotal }) => failuresTotal),
  );
  counter(
    'postern.records.dropped',
    '{record}',
    'Records that the log on the device could not keep.',
    (result) => result.observe(recordsDropped()),
  );

  return {
    exchange(record) {
      tally.add(record);
      added.record(record.addedMs / 1_000);
      if (record.result === 'refused') return;
      const attributes: Attributes = {
        [SEMCONV.operation]: operationName(record.operation),
        [SEMCONV.provider]: providerName(record.service),
      };
      duration.record(Math.max(0, record.endedAtMs - record.startedAtMs) / 1_000, attributes);
    },
    collect: async () => (await reader.collect()).resourceMetrics,
    close: () => provider.shutdown(),
  };
}

/**
 * A file's or server's name says where the organisation's logs are: its kind is enough. Two of a kind are one sum, since
 * of two observations with the same attributes only the last counts.
 */
function byKind(
  couriers: readonly CourierView[],
  read: (view: CourierView) => number,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const view of couriers) {
    const kind = view.name.split(':')[0] ?? view.name;
    sums.set(kind, (sums.get(kind) ?? 0) + read(view));
  }
  return sums;
}

import type { AgentStatus } from '../serve/contract.ts';
import type { CourierView } from '../sync/telemetry/courier.ts';
import type { DeliveryView } from '../sync/telemetry/delivery-health.ts';
import type { DeliveryProblem } from '../sync/telemetry/destination.ts';
import type { TelemetryView } from '../sync/telemetry/telemetry.ts';

type TelemetryStatus = NonNullable<AgentStatus['telemetry']>;

export function telemetryStatus(view: TelemetryView, worksCouncil: boolean): TelemetryStatus {
  const { metrics } = view;
  return {
    worksCouncil,
    destinations: view.destinations.map(destinationStatus),
    metrics: {
      ...(metrics?.lastDeliveryAtMs !== undefined && { lastUploadAtMs: metrics.lastDeliveryAtMs }),
      ...(metrics === undefined ? { failuresInRow: 0 } : attemptsOf(metrics)),
    },
  };
}

function destinationStatus(view: CourierView): TelemetryStatus['destinations'][number] {
  const { name, outbox, failuresInRow, lastDeliveryAtMs, lastRefusal } = view;
  return {
    name,
    state: failuresInRow > 0 ? 'failing' : lastDeliveryAtMs === undefined ? 'waiting' : 'ok',
    ...(lastDeliveryAtMs !== undefined && { lastDeliveryAtMs }),
    waitingRecords: outbox?.waiting.records ?? 0,
    waitingBytes: outbox?.waiting.bytes ?? 0,
    dropped: outbox?.dropped ?? 0,
    rejected: outbox?.rejected ?? 0,
    ...(lastRefusal !== undefined && { lastRefusal: refusalOf(lastRefusal) }),
    ...attemptsOf(view),
  };
}

const refusalOf = ({ atMs, records, sequence, problem }: NonNullable<CourierView['lastRefusal']>) => ({
  atMs,
  records,
  ...(sequence !== undefined && { sequence }),
  problem: problemView(problem),
});

const attemptsOf = ({ failuresInRow, failingSinceMs, nextAttemptInMs, problem }: DeliveryView) => ({
  failuresInRow,
  ...(failingSinceMs !== undefined && { failingSinceMs }),
  ...(failuresInRow > 0 && { nextAttemptInMs: Math.round(nextAttemptInMs) }),
  ...(problem !== undefined && { problem: problemView(problem) }),
});

/** A collector that can't be reached is worth a warning once it isn't a passing thing any more. */
const PASSING_FAILURES = 2;

export function telemetryTroubles(status: TelemetryStatus | undefined): AgentStatus['degraded'] {
  if (status === undefined) return [];
  const { destinations, metrics } = status;
  const lasting = destinations.filter(({ failuresInRow }) => failuresInRow > PASSING_FAILURES);
  const troubles = lasting.flatMap(({ name, problem, waitingRecords }) =>
    problem === undefined
      ? []
      : [trouble(problem, `Telemetry to ${name}: ${problem.text} ${waitingRecords} records wait.`)],
  );
  // They go to the same collector as the log: what concerns both is told once.
  const told = lasting.some(({ problem }) => problem?.code === metrics.problem?.code);
  if (metrics.failuresInRow <= PASSING_FAILURES || metrics.problem === undefined || told) return troubles;
  return [...troubles, trouble(metrics.problem, `Metrics: ${metrics.problem.text}`)];
}

const trouble = (problem: DeliveryProblem, text: string): AgentStatus['degraded'][number] => ({
  ...problemView(problem),
  code: 'telemetry-failing',
  text,
});

const problemView = ({ code, text, mend }: DeliveryProblem) => ({
  code,
  text,
  ...(mend !== undefined && { mend }),
});

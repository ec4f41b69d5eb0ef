import type { AgentStatus } from '../serve/contract.ts';
import type { DeliveryProblem } from '../sync/telemetry/destination.ts';
import type { TelemetryView } from '../sync/telemetry/telemetry.ts';

type TelemetryStatus = NonNullable<AgentStatus['telemetry']>;

export function telemetryStatus(view: TelemetryView, worksCouncil: boolean): TelemetryStatus {
  return {
    worksCouncil,
    destinations: view.destinations.map(
      ({ name, outbox, failures, failuresTotal, lastDeliveryAtMs, problem, nextAttemptInMs }) => ({
        name,
        state: failures > 0 ? 'failing' : lastDeliveryAtMs === undefined ? 'waiting' : 'ok',
        ...(lastDeliveryAtMs !== undefined && { lastDeliveryAtMs }),
        waitingRecords: outbox?.waiting.records ?? 0,
        waitingBytes: outbox?.waiting.bytes ?? 0,
        dropped: outbox?.dropped ?? 0,
        rejected: outbox?.rejected ?? 0,
        failures: failuresTotal,
        ...(failures > 0 && { nextAttemptInMs: Math.round(nextAttemptInMs) }),
        ...(problem !== undefined && { problem: problemView(problem) }),
      }),
    ),
    metrics: {
      ...(view.metrics.lastUploadAtMs !== undefined && { lastUploadAtMs: view.metrics.lastUploadAtMs }),
      ...(view.metrics.problem !== undefined && { problem: problemView(view.metrics.problem) }),
    },
  };
}

/** A collector that can't be reached is worth a warning once it isn't a passing thing any more. */
const PASSING_FAILURES = 2;

export function telemetryTroubles(status: TelemetryStatus | undefined): AgentStatus['degraded'] {
  return (status?.destinations ?? []).flatMap(({ name, state, failures, problem, waitingRecords }) => {
    if (state !== 'failing' || failures <= PASSING_FAILURES || problem === undefined) return [];
    const text = `Telemetry to ${name}: ${problem.text} ${waitingRecords} records wait.`;
    return [{ ...problem, code: 'telemetry-failing', text }];
  });
}

const problemView = ({ code, text, mend }: DeliveryProblem) => ({
  code,
  text,
  ...(mend !== undefined && { mend }),
});

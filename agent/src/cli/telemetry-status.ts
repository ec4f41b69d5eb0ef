import type { AgentStatus } from '../serve/contract.ts';
import type { Context } from './context.ts';
import { bytes, localTime, safe, short } from './format.ts';

type Destination = NonNullable<AgentStatus['telemetry']>['destinations'][number];

/** A line for each collector: how far delivery has come. */
export function telemetryRows(colors: Context['colors'], { telemetry }: AgentStatus): string[][] {
  return (telemetry?.destinations ?? []).map((destination) => [
    'telemetry',
    `${safe(destination.name)} ${stateWord(colors, destination)}${progress(destination)}${telemetry?.worksCouncil ? ', works-council mode' : ''}`,
  ]);
}

/** What `degraded` doesn't tell yet: a first failure, or records that a collector refused. */
export function telemetryProblems({ telemetry, degraded }: AgentStatus): { text: string; mend?: string }[] {
  if (telemetry === undefined) return [];
  const told = degraded.some(({ code }) => code === 'telemetry-failing');
  const problems = [...telemetry.destinations.map(({ problem }) => problem), telemetry.metrics.problem];
  const texts = new Map(
    problems.flatMap((problem) => (problem === undefined || told ? [] : [[problem.text, problem]])),
  );
  return [
    ...[...texts.values()].map(({ text, mend }) => ({ text: `Telemetry: ${text}`, ...(mend && { mend }) })),
    ...telemetry.destinations.flatMap(refusal),
  ];
}

/** Kept until the next start: nobody looks at the very moment. */
function refusal({ name, rejected, lastRefusal }: Destination): { text: string; mend?: string }[] {
  if (lastRefusal === undefined) return [];
  const { atMs, sequence, problem } = lastRefusal;
  const which = sequence === undefined ? '' : ` (record ${sequence} of the log)`;
  const text = `Telemetry: ${safe(name)} refused ${rejected} ${rejected === 1 ? 'record' : 'records'} for good, last at ${localTime(atMs)}${which}: ${problem.text}`;
  return [{ text, ...(problem.mend && { mend: problem.mend }) }];
}

function stateWord(colors: Context['colors'], { state }: Destination): string {
  if (state === 'ok') return colors.green('ok');
  return state === 'failing' ? colors.red('failing') : colors.yellow('waiting');
}

function progress(destination: Destination): string {
  const { lastDeliveryAtMs, waitingRecords, waitingBytes, dropped, rejected } = destination;
  const { failuresInRow, failingSinceMs, nextAttemptInMs } = destination;
  const words = [
    lastDeliveryAtMs === undefined ? 'nothing delivered yet' : `last delivery ${localTime(lastDeliveryAtMs)}`,
    `${short(waitingRecords)} waiting (${bytes(waitingBytes)})`,
    ...(dropped > 0 ? [`${short(dropped)} given up`] : []),
    ...(rejected > 0 ? [`${short(rejected)} refused`] : []),
    ...(failingSinceMs === undefined
      ? []
      : [`${short(failuresInRow)} failures in a row since ${localTime(failingSinceMs)}`]),
    ...(nextAttemptInMs === undefined ? [] : [`next attempt in ${Math.ceil(nextAttemptInMs / 1_000)} s`]),
  ];
  return `, ${words.join(', ')}`;
}

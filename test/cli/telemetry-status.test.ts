import { describe, expect, it } from 'vitest';
import { colorsFor } from '../../agent/src/cli/io.ts';
import { telemetryProblems, telemetryRows } from '../../agent/src/cli/telemetry-status.ts';
import type { AgentStatus } from '../../agent/src/serve/contract.ts';
import { healthyStatus } from '../kit/agent-status.ts';

type Telemetry = NonNullable<AgentStatus['telemetry']>;
type Destination = Telemetry['destinations'][number];

const plain = colorsFor(process.stdout, { NO_COLOR: '1' });
const problem = { code: 'unacceptable', text: 'a does not accept what was sent.', mend: 'See the log of a.' };
const status = (changes: Partial<Destination>): AgentStatus => ({
  ...healthyStatus(),
  degraded: [],
  telemetry: {
    worksCouncil: false,
    metrics: { failuresInRow: 0 },
    destinations: [
      {
        name: 'otlp',
        state: 'ok',
        lastDeliveryAtMs: 1_000,
        waitingRecords: 0,
        waitingBytes: 0,
        dropped: 0,
        rejected: 0,
        failuresInRow: 0,
        ...changes,
      },
    ],
  },
});

describe('telemetry in `postern status`', () => {
  it('tells how often in a row it failed, and since when', () => {
    const [row] = telemetryRows(
      plain,
      status({ state: 'failing', failuresInRow: 4, failingSinceMs: 60_000 }),
    );
    expect(row?.[1]).toMatch(/^otlp failing, .*, 4 failures in a row since \S+/);
  });

  it('keeps telling what was refused, which record and what to do, after all went well again', () => {
    const shown = status({ rejected: 3, lastRefusal: { atMs: 5_000, records: 1, sequence: 37, problem } });
    expect(telemetryProblems(shown)).toEqual([
      {
        text: expect.stringMatching(
          /^Telemetry: otlp refused 3 records for good, last at .+ \(record 37 of the log\): a does not accept what was sent\.$/,
        ),
        mend: 'See the log of a.',
      },
    ]);
  });

  it('says nothing when all is well', () => {
    expect(telemetryProblems(status({}))).toEqual([]);
  });
});

import type { Opener } from '../open/open.ts';
import type { AgentStatus } from '../serve/contract.ts';
import type { RemoteChecks } from '../sync/remote-checks/remote-checks.ts';

export type CheckCounters = Pick<AgentStatus, 'remoteChecks' | 'attachments'>;

export const NOTHING_CHECKED: CheckCounters = {
  remoteChecks: {},
  attachments: {
    opened: 0,
    remembered: 0,
    archiveBombs: 0,
    encrypted: 0,
    unreadable: 0,
    timedOut: 0,
    crashed: 0,
    turnedAway: 0,
  },
};

/** What status says of the services that were asked and the attachments that were opened. `rules`: those in force. */
export function checkCounters(
  checks: Pick<RemoteChecks, 'counters'>,
  opener: Pick<Opener, 'counters'>,
  rules: readonly { readonly id: string; readonly detect: string }[],
): CheckCounters {
  const counters = checks.counters();
  const remote = rules
    .filter(({ detect }) => detect === 'remote')
    .flatMap(({ id }) => {
      const counts = counters[id];
      if (counts === undefined) return [];
      const waitedMs = Math.round(counts.waitedMs);
      return [[id, { ...counts, waitedMs, failed: failuresOf(counts.failed) }] as const];
    });
  const { opened, remembered, timedOut, crashed, turnedAway, ...problems } = opener.counters;
  return {
    remoteChecks: Object.fromEntries(remote),
    attachments: {
      opened,
      remembered,
      archiveBombs: problems['archive-bomb'],
      encrypted: problems['encrypted-archive'],
      unreadable: problems['unreadable-attachment'],
      timedOut,
      crashed,
      turnedAway,
    },
  };
}

const failuresOf = (failed: Readonly<Partial<Record<string, number>>>): Record<string, number> =>
  Object.fromEntries(Object.entries(failed).map(([why, times]) => [why, times ?? 0]));

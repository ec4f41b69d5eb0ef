/** How the agent is, every minute: what a fleet view is made of, and whose silence tells that a device is gone. */
import { hash } from 'node:crypto';
import { derivedUuid } from '../../core/derived-uuid.ts';
import type { DeviceIdentity } from '../../core/device.ts';
import type { EntryValue, Notice, OutboxRecord, OutboxState } from '../../core/outbox.ts';

export interface AgentFacts {
  readonly version: string;
  readonly state: string;
  readonly startedAtMs: number;
  readonly policy: { readonly name: string; readonly revision: string };
  /** Codes of what is not as it should be; empty when all is well. */
  readonly degraded: readonly string[];
  readonly coverage: readonly AppCoverage[];
}

/** One app's calls and connections to one service since the agent's start. */
export interface AppCoverage {
  readonly app: string;
  readonly service: string;
  readonly governed: number;
  /** Let through unread, as the policy says. */
  readonly tunnelled: number;
  /** To AI services, but the app would not have our certificate. */
  readonly uncovered: number;
}

export const HEARTBEAT_CODE = 'heartbeat';

export function heartbeatNotice(
  facts: AgentFacts,
  outbox: OutboxState | undefined,
  device: DeviceIdentity,
  atMs: number,
): Notice {
  const said = JSON.stringify({
    device: device.id,
    atMs,
    version: facts.version,
    state: facts.state,
    uptimeSeconds: uptimeSeconds(facts, atMs),
    policy: facts.policy,
    degraded: facts.degraded,
    coverage: facts.coverage,
    ...(outbox !== undefined && { outbox }),
  });
  // Signed by itself too: syslog and files have no headers that could carry a signature.
  const signature = Buffer.from(device.sign(Buffer.from(said))).toString('base64');
  return { code: HEARTBEAT_CODE, atMs, detail: JSON.stringify({ said, signature }) };
}

export function heartbeatRecord(
  facts: AgentFacts,
  outbox: OutboxState | undefined,
  notice: Notice,
): OutboxRecord {
  const attributes: Record<string, EntryValue | undefined> = {
    'log.record.uid': derivedUuid(hash('sha256', notice.detail, 'buffer')),
    'postern.version': facts.version,
    'postern.state': facts.state,
    'postern.uptime_s': uptimeSeconds(facts, notice.atMs),
    'postern.policy.name': facts.policy.name,
    'postern.policy.revision': facts.policy.revision,
    'postern.degraded': [...facts.degraded],
    'postern.coverage': facts.coverage.map(
      ({ app, service, governed, tunnelled, uncovered }) =>
        `${app} ${service} governed=${governed} tunnelled=${tunnelled} uncovered=${uncovered}`,
    ),
    'postern.outbox.records': outbox?.waiting.records,
    'postern.outbox.bytes': outbox?.waiting.bytes,
    'postern.outbox.dropped': outbox?.dropped,
    'postern.outbox.rejected': outbox?.rejected,
  };
  return {
    uid: String(attributes['log.record.uid']),
    sequence: undefined,
    atMs: notice.atMs,
    name: `postern.${HEARTBEAT_CODE}`,
    severity: facts.degraded.length === 0 ? 'info' : 'warning',
    text: notice.detail,
    attributes,
  };
}

const uptimeSeconds = ({ startedAtMs }: AgentFacts, atMs: number): number =>
  Math.max(0, Math.round((atMs - startedAtMs) / 1_000));

import type { AgentStatus } from './contract.ts';

type Incident = AgentStatus['incidents'][number];

/** The latest of each kind of incident, counted; bounded, whatever happens. */
export interface IncidentLog {
  add(code: string, detail: string, atMs: number): void;
  /** Latest first. */
  list(): Incident[];
}

const MAX_DETAIL_CHARACTERS = 300;

export function createIncidentLog(maxCodes = 50): IncidentLog {
  const byCode = new Map<string, Incident>();
  return {
    add(code, detail, atMs) {
      const count = (byCode.get(code)?.count ?? 0) + 1;
      byCode.delete(code); // so that the map's order is the order of the latest
      byCode.set(code, { code, count, lastAtMs: atMs, detail: detail.slice(0, MAX_DETAIL_CHARACTERS) });
      const oldest = byCode.size > maxCodes ? byCode.keys().next().value : undefined;
      if (oldest !== undefined) byCode.delete(oldest);
    },
    list: () => [...byCode.values()].reverse(),
  };
}

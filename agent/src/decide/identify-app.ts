import type { App, Catalogue } from '../../../policies/schema/catalogue.ts';
import type { RawHeaders } from '../core/connection.ts';
import type { AppIdentity } from '../core/decision.ts';

type Condition = App['identify'][number];

interface Row {
  readonly order: number;
  readonly identity: AppIdentity;
  readonly fits: (value: string) => boolean;
}

const UNKNOWN_APP: AppIdentity = { id: 'unknown', name: 'an unknown program', identifiedBy: 'none' };

export type IdentifyApp = (headers: RawHeaders) => AppIdentity;

/**
 * Recognises an app by what its requests show, which is a hint and no proof (any program can send any header);
 * a platform that knows the process behind the connection overrides it.
 */
export function compileAppIdentification(catalogue: Catalogue): IdentifyApp {
  const byHeader = new Map<string, Row[]>();
  for (const [order, app] of catalogue.apps.entries()) {
    const identity: AppIdentity = { id: app.id, name: app.name, identifiedBy: 'header' };
    for (const condition of app.identify) {
      const rows = byHeader.get(condition.header) ?? [];
      byHeader.set(condition.header, rows);
      rows.push({ order, identity, fits: compileCondition(condition) });
    }
  }
  return (headers) => firstFitting(headers, byHeader);
}

function firstFitting(headers: RawHeaders, byHeader: ReadonlyMap<string, readonly Row[]>): AppIdentity {
  let best: Row | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const rows = byHeader.get((headers[i] as string).toLowerCase());
    if (rows === undefined) continue;
    const value = (headers[i + 1] as string).toLowerCase();
    // Rows are in catalogue order: the first that fits is this header's best.
    const row = rows.find((candidate) => candidate.fits(value));
    if (row !== undefined && (best === undefined || row.order < best.order)) best = row;
  }
  return best?.identity ?? UNKNOWN_APP;
}

function compileCondition({ equals, startsWith, contains }: Condition): (value: string) => boolean {
  if (equals !== undefined) {
    const wanted = equals.toLowerCase();
    return (value) => value === wanted;
  }
  if (startsWith !== undefined) {
    const wanted = startsWith.toLowerCase();
    return (value) => value.startsWith(wanted);
  }
  if (contains !== undefined) {
    const wanted = contains.toLowerCase();
    return (value) => value.includes(wanted);
  }
  return () => true;
}

import type { App, Catalogue } from '../../../policies/schema/catalogue.ts';
import type { RawHeaders } from '../core/connection.ts';
import type { AppIdentity } from '../core/decision.ts';
import { type ProcessIdentity, programName } from '../core/process.ts';
import { compileProcessIdentification } from './identify-process.ts';

type Condition = App['identify'][number];

interface Row {
  readonly order: number;
  readonly app: App;
  readonly identity: AppIdentity;
  readonly fits: (value: string) => boolean;
}

const UNKNOWN_APP: AppIdentity = { id: 'unknown', name: 'an unknown program', identifiedBy: 'none' };

export interface AppIdentification {
  identifyApp(headers: RawHeaders, process?: ProcessIdentity): AppIdentity;
  /** False of programs that run anybody's scripts, and of browsers: they lack trust in the CA, or have it. */
  mayPin(process: ProcessIdentity): boolean;
}

/**
 * Recognises an app by the program behind the connection, if the platform could tell, else by what its requests show,
 * which is a hint and no proof: any program can send any header. Where they disagree, the program is right.
 */
export function compileAppIdentification(catalogue: Catalogue): AppIdentification {
  const findApp = compileProcessIdentification(catalogue);
  const byHeader = new Map<string, Row[]>();
  for (const [order, app] of catalogue.apps.entries()) {
    const identity: AppIdentity = { id: app.id, name: app.name, identifiedBy: 'header' };
    for (const condition of app.identify) {
      const rows = byHeader.get(condition.header) ?? [];
      byHeader.set(condition.header, rows);
      rows.push({ order, app, identity, fits: compileCondition(condition) });
    }
  }
  return {
    identifyApp(headers, process) {
      const claim = firstFitting(headers, byHeader);
      if (process === undefined) return claim?.identity ?? UNKNOWN_APP;
      return { ...withProcess(claim, process, findApp(process)), process: processNames(process) };
    },
    mayPin(process) {
      const app = findApp(process);
      return app === undefined || (app.process?.generic === undefined && app.kind !== 'browser');
    },
  };
}

function withProcess(claim: Row | undefined, process: ProcessIdentity, app: App | undefined): AppIdentity {
  // Nobody knows this file: what it says of itself is all there is.
  if (app === undefined) return claim?.identity ?? { ...UNKNOWN_APP, name: programName(process.executable) };
  if (claim !== undefined && claim.app !== app && mayRunIn(claim.app, app)) return claim.identity;
  return { id: app.id, name: app.name, identifiedBy: 'process' };
}

/** Extensions live in their editor's process, libraries in whatever runs scripts: there, only headers tell. */
function mayRunIn({ id, within, process }: App, host: App): boolean {
  if (within?.includes(host.id)) return true;
  return (
    id !== host.id && host.process?.generic === 'runtime' && process === undefined && within === undefined
  );
}

function processNames(process: ProcessIdentity): NonNullable<AppIdentity['process']> {
  const { pid, executable, script } = process;
  const name = programName(executable);
  return script === undefined ? { name, pid } : { name, pid, script: programName(script) };
}

function firstFitting(headers: RawHeaders, byHeader: ReadonlyMap<string, readonly Row[]>): Row | undefined {
  let best: Row | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const rows = byHeader.get((headers[i] as string).toLowerCase());
    if (rows === undefined) continue;
    const value = (headers[i + 1] as string).toLowerCase();
    // Rows are in catalogue order: the first that fits is this header's best.
    const row = rows.find((candidate) => candidate.fits(value));
    if (row !== undefined && (best === undefined || row.order < best.order)) best = row;
  }
  return best;
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

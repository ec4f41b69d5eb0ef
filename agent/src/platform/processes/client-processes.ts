import type { ClientProcesses } from '../../core/process.ts';
import { DarwinProcesses } from '../darwin/find-process.ts';
import { LinuxProcesses } from '../linux/find-process.ts';
import type { OperatingSystem } from '../operating-system.ts';
import { WindowsProcesses } from '../win32/find-process.ts';
import { askProgram } from './ask-program.ts';

export type FindProcess = ClientProcesses['find'];

/** Never rejects: what went wrong is told once for each kind of failure, and then nobody is found. */
export function createProcessFinder(
  os: OperatingSystem,
  log: (code: string, detail: string) => void,
  ask: typeof askProgram = askProgram,
): FindProcess {
  const processes = processesOn(os, ask);
  const told = new Set<string>();
  return async (clientPort, proxyPort, hasGone) => {
    try {
      return await processes.find(clientPort, proxyPort, hasGone);
    } catch (error) {
      const why = error instanceof Error ? error.name : 'unknown';
      if (!told.has(why)) {
        told.add(why);
        log('process-lookup-failed', `apps are known by their headers alone: ${String(error)}`);
      }
      return undefined;
    }
  };
}

function processesOn(os: OperatingSystem, ask: typeof askProgram): { readonly find: FindProcess } {
  if (os === 'darwin') return new DarwinProcesses(ask);
  return os === 'win32' ? new WindowsProcesses(ask) : new LinuxProcesses();
}

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

/** A word that is the same for one process's whole life and differs if its id is given to another; undefined if unknown. */
export function processStartedAt(pid: number): string | undefined {
  if (process.platform === 'linux') return onLinux(pid);
  if (process.platform === 'darwin') return onDarwin(pid);
  return undefined; // Windows: asking costs a PowerShell start; the process id alone must do
}

/** Field 22 of /proc/PID/stat, in ticks since boot (proc_pid_stat(5)), with the boot's id. */
function onLinux(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may itself hold spaces and brackets.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return ticks === undefined ? undefined : `${boot}:${ticks}`;
  } catch {
    return undefined; // gone, or /proc is hidden (hidepid): the caller falls back to the process id
  }
}

function onDarwin(pid: number): string | undefined {
  try {
    const started = execFileSync('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return started.trim() || undefined;
  } catch {
    return undefined; // no such process
  }
}

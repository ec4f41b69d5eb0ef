/** CPU time and memory of processes, read from /proc: the kernel's own accounting, finer than `times`. */
import { readdirSync, readFileSync } from 'node:fs';

/** Nanoseconds on a CPU so far, over all threads of these processes and their children. */
export function cpuNs(pids: readonly number[]): number {
  let total = 0n;
  for (const pid of withChildren(pids)) {
    for (const thread of entries(`/proc/${pid}/task`)) {
      const stat = text(`/proc/${pid}/task/${thread}/schedstat`);
      if (stat) total += BigInt(stat.split(' ')[0] ?? '0');
    }
  }
  return Number(total);
}

/** Resident set, in MB, summed. */
export function rssMb(pids: readonly number[]): number {
  let kilobytes = 0;
  for (const pid of withChildren(pids)) {
    kilobytes += Number(/VmRSS:\s+(\d+)/.exec(text(`/proc/${pid}/status`) ?? '')?.[1] ?? 0);
  }
  return kilobytes / 1024;
}

function withChildren(pids: readonly number[]): number[] {
  const all = new Set<number>();
  const visit = (pid: number): void => {
    if (all.has(pid)) return;
    all.add(pid);
    for (const thread of entries(`/proc/${pid}/task`)) {
      const children = text(`/proc/${pid}/task/${thread}/children`) ?? '';
      for (const child of children.trim().split(' ').filter(Boolean)) visit(Number(child));
    }
  };
  for (const pid of pids) visit(pid);
  return [...all];
}

/** Processes and threads come and go while we read: a missing file is an empty answer. */
function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function text(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

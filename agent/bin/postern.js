#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { onNode24 } from './run-on-node24.js';

const PACKAGES = path.join(import.meta.dirname, '..', '..', 'node_modules');

const SHELL = '/bin/sh';
const NURSERY = '--max-semi-space-size';

/**
 * Begins a long life with little memory (decision 0050): a proxy's garbage dies young, so the nursery may be small, and
 * V8's helper threads need no heap each (glibc); `gc()` lets it tidy up after the start (0053). And without crash dumps,
 * which would hold the keys (0184): no core file, no environment in Node's reports, no snapshot of a full heap, no
 * debugger by signal. All of it counts only at a process's start, so it becomes itself once more: same process id, no
 * second process. Windows has no such call; there the agent just takes more.
 */
function liveSmall() {
  const isSmall = process.execArgv.some((flag) => flag.startsWith(NURSERY));
  if (process.argv[2] !== 'start' || isSmall || process.platform === 'win32') return;
  const words = [
    process.execPath,
    `${NURSERY}=8`,
    '--expose-gc',
    '--disable-sigusr1',
    '--report-exclude-env',
    '--heapsnapshot-near-heap-limit=0',
    ...process.execArgv,
    ...process.argv.slice(1),
  ];
  const env = { MALLOC_ARENA_MAX: '2', ...process.env };
  if (!existsSync(SHELL)) process.execve(process.execPath, words, env);
  // Node can't set limits of its own process; the shell can, and hands its place on.
  process.execve(SHELL, [SHELL, '-c', 'ulimit -c 0; exec "$@"', SHELL, ...words], env);
}

await onNode24(async () => {
  liveSmall();
  // Types are stripped once, not at every start. Beside the packages, where only who installed them can write.
  if (existsSync(PACKAGES)) module.enableCompileCache(path.join(PACKAGES, '.cache', 'postern'));
  const { main } = await import('../src/main.ts');
  process.exitCode = await main(process.argv.slice(2));
  // A socket that a client keeps open must not keep an ended command alive.
  setTimeout(() => process.exit(), 500).unref();
});

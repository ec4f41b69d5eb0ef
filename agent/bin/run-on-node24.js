#!/usr/bin/env node
// Plain JavaScript on purpose: this file must still parse and explain itself on the Node a machine happens to
// have. Everything behind it needs Node 24 (type stripping, zstd, better-sqlite3's build).
// As a script: `node run-on-node24.js FILE ARGS…` runs FILE; npm's own scripts use it that way.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED_MAJOR = 24;

/** The Node 24 that npm installed beside us for this platform, if there is one. */
function bundledNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${platform}-${process.arch}/package.json`);
    return path.join(path.dirname(manifest), file);
  } catch {
    return undefined; // not installed on this platform: the caller explains
  }
}

/** Another libc than the package was built for (ENOENT: its loader is missing), or a disk that runs no programs (EACCES). */
function cannotStart(node, error) {
  process.stderr.write(
    `postern: Node ${NEEDED_MAJOR} at ${node} could not be started (${error.code}); install Node ${NEEDED_MAJOR} from https://nodejs.org and try again.\n`,
  );
  process.exitCode = 2;
}

/** Runs the same command on another Node, passing signals and the exit code through. */
function respawn(node) {
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => cannotStart(node, error));
  child.on('exit', (code, signal) => {
    if (!signal) {
      process.exitCode = code === null ? 2 : code;
      return;
    }
    for (const each of signals) process.removeAllListeners(each);
    process.kill(process.pid, signal);
  });
}

/** Calls `start` if this Node is new enough; else runs the same command line on one that is, or says what is missing. */
export async function onNode24(start) {
  if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) return start();
  const node = bundledNode();
  if (node) return respawn(node);
  process.stderr.write(
    `postern needs Node ${NEEDED_MAJOR} or newer and this is Node ${process.versions.node}; install Node ${NEEDED_MAJOR} from https://nodejs.org and try again.\n`,
  );
  process.exitCode = 2;
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await onNode24(() => {
    const [file] = process.argv.splice(2, 1);
    return import(pathToFileURL(path.resolve(file)).href);
  });
}

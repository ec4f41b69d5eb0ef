#!/usr/bin/env node
// Plain JavaScript on purpose: this file must still parse and explain itself on the Node a machine
// happens to have. Everything behind it needs Node 24 (type stripping, zstd, better-sqlite3's build).
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

const NEEDED_MAJOR = 24;

/** The Node 24 that npm installed beside us for this platform, if there is one. */
function bundledNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  try {
    const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
    return createRequire(import.meta.url).resolve(`node-${platform}-${process.arch}/${file}`);
  } catch {
    return undefined; // optional dependency not installed on this platform: handled by the caller
  }
}

/** Runs the same command on another Node, passing signals and the exit code through. */
function runOn(node) {
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`postern: could not start Node ${NEEDED_MAJOR} at ${node}: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exitCode = code ?? 2;
  });
}

if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) {
  const { main } = await import('../src/main.ts');
  await main(process.argv.slice(2));
} else {
  const node = bundledNode();
  if (node) runOn(node);
  else {
    process.stderr.write(
      `postern needs Node ${NEEDED_MAJOR} or newer and this is Node ${process.versions.node}; install Node ${NEEDED_MAJOR} from https://nodejs.org and try again.\n`,
    );
    process.exitCode = 2;
  }
}

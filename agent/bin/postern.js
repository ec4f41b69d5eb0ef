#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import v8 from 'node:v8';
import { onNode24 } from './run-on-node24.js';

const PACKAGES = path.join(import.meta.dirname, '..', '..', 'node_modules');

await onNode24(async () => {
  // A proxy's garbage dies young: a small nursery halves its memory and costs no CPU (decision 0005).
  v8.setFlagsFromString('--max-semi-space-size=4');
  // Types are stripped once, not at every start. Beside the packages, where only who installed them can write.
  if (existsSync(PACKAGES)) module.enableCompileCache(path.join(PACKAGES, '.cache', 'postern'));
  const { main } = await import('../src/main.ts');
  process.exitCode = await main(process.argv.slice(2));
  // A socket that a client keeps open must not keep an ended command alive.
  setTimeout(() => process.exit(), 500).unref();
});

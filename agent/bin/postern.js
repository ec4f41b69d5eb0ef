#!/usr/bin/env node
import { onNode24 } from './run-on-node24.js';

await onNode24(async () => {
  const { main } = await import('../src/main.ts');
  process.exitCode = await main(process.argv.slice(2));
  // A socket that a client keeps open must not keep an ended command alive.
  setTimeout(() => process.exit(), 500).unref();
});

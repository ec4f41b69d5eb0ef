/**
 * `npm run test:gateways`: the real gateways, as far as this machine's registries offer them, each with keys, budgets, a
 * model list and a fake provider behind it. Says what couldn't be had, and why; ends with `N passed, N failed`.
 * `-- --record` first writes down anew what LiteLLM and Bifrost answer, for the contract servers of `npm test`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installBifrost } from './bifrost/install.ts';
import { startRealBifrost } from './bifrost/real.ts';
import { recordBifrost } from './bifrost/record.ts';
import { databaseParts, startLitellmWithDatabase } from './litellm/database/real.ts';
import { recordDatabase } from './litellm/database/record.ts';
import { startRealLitellm } from './litellm/real.ts';
import { recordLitellm } from './litellm/record.ts';

const root = path.join(import.meta.dirname, '..', '..');
const words = process.argv.slice(2);
const RECORD = '--record';

if (words.includes(RECORD)) await record();

const scratch = mkdtempSync(path.join(tmpdir(), 'postern-gateways-'));
const reportFile = path.join(scratch, 'report.json');
const config = path.join(import.meta.dirname, 'vitest.config.ts');
const { status } = spawnSync(
  'vitest',
  ['run', '--config', config, ...words.filter((word) => word !== RECORD)],
  { cwd: root, stdio: 'inherit', env: { ...process.env, POSTERN_TEST_REPORT: reportFile } },
);
let passed = 0;
let failed = status === 0 ? 0 : 1;
try {
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Record<
    'numPassedTests' | 'numFailedTests',
    number
  >;
  passed = report.numPassedTests;
  // A file that broke before its first test has none that failed.
  failed = Math.max(failed, report.numFailedTests);
} catch (error) {
  failed = Math.max(failed, 1);
  console.log(`the test run left no report: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function record(): Promise<void> {
  const bifrost = await installBifrost();
  if ('missing' in bifrost) console.log(`Not recorded: ${bifrost.missing}`);
  else await recorded('Bifrost', startRealBifrost, recordBifrost);
  await recorded('LiteLLM', startRealLitellm, recordLitellm);
  const database = await databaseParts();
  if ('missing' in database) console.log(`Not recorded: ${database.missing}`);
  else await recorded('LiteLLM with a database', startLitellmWithDatabase, recordDatabase);
}

async function recorded<Gateway extends { stop(): Promise<void> }>(
  name: string,
  start: () => Promise<Gateway>,
  ask: (gateway: Gateway) => Promise<void>,
): Promise<void> {
  const gateway = await start();
  try {
    await ask(gateway);
  } finally {
    await gateway.stop();
  }
  console.log(`${name} was recorded.`);
}

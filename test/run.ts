/**
 * `npm test`: the house rules (types, format, borders, unused code), then every test that can run on this machine.
 * Ends with the line `N passed, N failed` and names what was skipped and why.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const HOUSE = ['lint:types', 'lint:format', 'lint:borders', 'lint:unused'] as const;

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const root = path.join(import.meta.dirname, '..');
const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): number =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1;

let passed = 0;
let failed = 0;
for (const rule of HOUSE) {
  if (run('npm', ['run', '--silent', rule]) === 0) passed += 1;
  else {
    failed += 1;
    console.log(`house rule failed: npm run ${rule}`);
  }
}

const scratch = mkdtempSync(path.join(tmpdir(), 'postern-test-'));
const reportFile = path.join(scratch, 'report.json');
const status = run('vitest', ['run', ...process.argv.slice(2)], { POSTERN_TEST_REPORT: reportFile });
try {
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as VitestReport;
  passed += report.numPassedTests;
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  failed += report.numFailedTests + brokenFiles.length;
  if (status !== 0 && report.numFailedTests + brokenFiles.length === 0) failed += 1;
} catch (error) {
  failed += 1;
  console.log(`the test run left no report: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/**
 * The only place that wires rooms together: commands to the code behind them. What a command doesn't need is not
 * even loaded, so that `postern env` stays quick.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AgentCommands } from './cli/ports.ts';
import { runCli } from './cli/run-cli.ts';

const MANIFEST = path.join(import.meta.dirname, '..', 'package.json');
const PROGRAM = path.join(import.meta.dirname, '..', 'bin', 'postern.js');

const version = (JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string }).version;

const commands: AgentCommands = {
  version,
  commandLine: [process.execPath, PROGRAM],
  start: async (options) => (await import('./main/start-agent.ts')).startAgent(options, version),
  explain: async (question) => (await import('./main/explain.ts')).explainQuestion(question),
  checkPolicy: async (file) => (await import('./main/active-policy.ts')).checkPolicy(file),
  testPolicy: async (policy, cases) =>
    (await import('./main/policy-tools/test.ts')).testPolicy(policy, cases),
  diffPolicies: async (from, to) => (await import('./main/policy-tools/diff.ts')).diffPolicyFiles(from, to),
  replayPolicy: async (question) => (await import('./main/policy-tools/replay.ts')).replayPolicy(question),
  bundleTools: async () => (await import('./main/policy-tools/bundle.ts')).bundleTools,
  overrideMaster: async (file) => (await import('./main/override-desk.ts')).makeMaster(file),
  overrideSecret: async (file, device) =>
    (await import('./main/override-desk.ts')).deviceSecret(file, device),
  overrideCode: async (question) => (await import('./main/override-desk.ts')).issueCode(question),
  auditTail: async (place, limit) => (await import('./main/history.ts')).auditTail(place, limit),
  async *auditExport(place, wanted) {
    yield* (await import('./main/history.ts')).auditExport(place, wanted);
  },
  auditVerify: async (place, headsFile) => (await import('./main/history.ts')).auditVerify(place, headsFile),
  budgets: async (place, policyFile) => (await import('./main/budgets.ts')).budgets(place, policyFile),
  usage: async (place, question) => (await import('./main/history.ts')).usage(place, question),
  trustStatus: async (place) => (await import('./main/trust.ts')).trustStatus(place),
  enrolReset: async (place) => (await import('./main/enrol-reset.ts')).enrolReset(place),
  trustRenew: async (place) => (await import('./main/trust.ts')).trustRenew(place),
};

/** Runs one command line (without node and script name) and resolves with its exit code. */
export const main = (argv: readonly string[]): Promise<number> => runCli(argv, commands);

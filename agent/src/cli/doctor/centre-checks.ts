/** What connects this device to its organisation: pushed policy, telemetry, sign-in, secrets. */

import { isLoopbackHttp } from '../../core/http.ts';
import type { AgentStatus } from '../../serve/contract.ts';
import { duration } from '../format.ts';
import type { Check, CheckResult, Findings } from './check.ts';
import { reach } from './reach.ts';

const ago = (ms: number): string => `${duration(Date.now() - ms)} ago`;

/** As the running agent tells; without one, whether the server can be reached and there is a root to begin with. */
export const checkPolicySource: Check = async (findings) => {
  const source = findings.config?.config.policy.source;
  if (source === undefined) return [];
  const name = 'policy source';
  const bundle = findings.status?.policy.bundle;
  if (bundle === undefined) return [await reachFor(findings, name, source.url, 'policy.source.url')];
  const { trouble, release, version, age, lastContactMs, versions } = bundle;
  if (trouble !== undefined)
    return [{ name, state: 'fail', why: `${bundle.url}: ${trouble.text}`, mend: trouble.mend }];
  if (lastContactMs === undefined) {
    const why = `${bundle.url} has not answered yet`;
    return [{ name, state: 'warn', why, mend: 'Wait a minute, then run `postern doctor` again.' }];
  }
  const of = bundle.group === undefined ? '' : ` of ${bundle.group}`;
  const what = release === undefined ? 'nothing yet' : `version ${version}${of}`;
  const why = `${bundle.url}: ${what}, root ${versions?.root ?? '?'}, asked ${ago(lastContactMs)}`;
  if (age === 'fresh') return [{ name, state: 'ok', why }];
  const mend = 'Whoever publishes policy must run `postern policy refresh`.';
  return [{ name, state: 'fail', why: `${why}; it has passed its date`, mend }];
};

type Destination = NonNullable<AgentStatus['telemetry']>['destinations'][number];

export const checkTelemetry: Check = async ({ status }) =>
  (status?.telemetry?.destinations ?? []).map(destination);

function destination({ name: where, state, problem, ...sent }: Destination): CheckResult {
  const name = 'telemetry';
  const { waitingRecords, dropped, lastDeliveryAtMs } = sent;
  const lost = dropped > 0 ? `, ${dropped} given up` : '';
  if (state === 'failing') {
    const why = `${where}: ${problem?.text ?? 'does not take records.'} ${waitingRecords} records wait${lost}`;
    return { name, state: 'fail', why, mend: problem?.mend };
  }
  const last = lastDeliveryAtMs === undefined ? 'nothing sent yet' : `last sent ${ago(lastDeliveryAtMs)}`;
  return {
    name,
    state: dropped > 0 ? 'warn' : 'ok',
    why: `${where}: ${last}, ${waitingRecords} wait${lost}`,
  };
}

export const checkIdentity: Check = async (findings) => {
  const issuer = findings.config?.config.identity?.issuer;
  if (issuer === undefined) return [];
  const identity = findings.status?.identity;
  const results = [await reachFor(findings, 'sign-in', issuer, 'identity.issuer')];
  if (identity === undefined) return results;
  const { problem, user } = identity;
  if (problem !== undefined)
    results.push({ name: 'sign-in', state: 'fail', why: problem.text, mend: problem.mend });
  else if (user !== undefined)
    results.push({ name: 'sign-in', state: 'ok', why: `signed in as ${user.name}` });
  else
    results.push({
      name: 'sign-in',
      state: 'warn',
      why: 'nobody is signed in',
      mend: 'Run `postern login`.',
    });
  return results;
};

/** Said by the agent: whoever runs `doctor` may have another keychain. */
export const checkSecrets: Check = async ({ status }) => {
  const name = 'secrets';
  const where = status?.identity.secretsIn;
  if (where === undefined || where === 'unopened') return [];
  if (where !== 'memory') return [{ name, state: 'ok', why: `kept in the ${where}` }];
  const told = status?.degraded.find(({ code }) => code.startsWith('keychain-'));
  const why = 'kept in memory only: they are gone at the next start';
  return [
    { name, state: 'warn', why, mend: told?.mend ?? 'Unlock the keychain, or set secrets.store to "file".' },
  ];
};

async function reachFor(
  { config }: Findings,
  name: string,
  address: string,
  field: string,
): Promise<CheckResult> {
  const url = new URL(address);
  const problem = await reach(url, isLoopbackHttp(url) ? undefined : config?.config.upstream.proxy);
  if (problem === undefined) return { name, state: 'ok', why: `${url.host} can be reached` };
  const mend = `Check ${field} and the network; a private address may need the company VPN.`;
  return { name, state: 'fail', why: `${url.host} can't be reached: ${problem}`, mend };
}

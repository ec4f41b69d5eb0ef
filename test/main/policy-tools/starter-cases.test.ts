import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPolicy } from '../../../agent/src/main/active-policy.ts';
import { testPolicy } from '../../../agent/src/main/policy-tools/test.ts';
import { parseCases } from '../../../policies/schema/cases.ts';
import { parsePolicy } from '../../../policies/schema/parse-policy.ts';
import { STARTERS } from '../../../policies/starter/starter.ts';

const FOLDER = path.join(import.meta.dirname, '..', '..', '..', 'policies', 'starter');

describe.each(STARTERS)('the starter policy %s', (name) => {
  const policyFile = path.join(FOLDER, `${name}.yaml`);
  const casesFile = path.join(FOLDER, `${name}.cases.yaml`);

  it('passes its cases, and has no warnings', async () => {
    const { cases } = await testPolicy(policyFile, casesFile);
    expect(cases.filter(({ ok }) => !ok)).toEqual([]);
    expect(await checkPolicy(policyFile)).toMatchObject({ ok: true, warnings: [] });
  }, 60_000);

  it('has a case for each guardrail, and cases in which none has a part', () => {
    const policy = parsePolicy(readFileSync(policyFile, 'utf8'), policyFile);
    const table = parseCases(readFileSync(casesFile, 'utf8'), casesFile);
    if (!policy.ok || !table.ok) throw new Error('unreadable');
    const covered = new Set(table.cases.flatMap(({ expect: { rules = [] } }) => rules));
    expect(policy.policy.guardrails.map(({ id }) => id).filter((id) => !covered.has(id))).toEqual([]);
    expect(table.cases.filter(({ expect: { rules } }) => rules?.length === 0).length).toBeGreaterThan(2);
  });
});

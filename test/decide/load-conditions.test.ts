import { expect, it } from 'vitest';
import { loadConditions } from '../../agent/src/decide/load-conditions.ts';
import { parsePolicy } from '../../policies/schema/parse-policy.ts';
import { formatProblems } from '../../policies/schema/problem.ts';

function policyOf(yaml: string) {
  const parsed = parsePolicy(`postern: 1\nname: acme\n${yaml}`, 'acme.yaml');
  if (!parsed.ok) throw new Error(formatProblems(parsed.problems));
  return parsed.policy;
}

const WHEN = `when: 'user == "anna"'`;

it.each([
  ['services', `services: [{ match: openai, mode: block, ${WHEN} }]`],
  ['models', `models: [{ match: "*", action: block, ${WHEN} }]`],
  ['guardrails', `guardrails: [{ id: a, detect: secrets, action: block, ${WHEN} }]`],
  ['apps', `apps: { rules: [{ match: [unknown], state: denied, ${WHEN} }] }`],
])('compiles a condition wherever one may stand: %s', async (_section, yaml) => {
  const compile = await loadConditions(policyOf(yaml));
  expect(compile('user == "anna"')).toMatchObject({ ok: true });
});

it('has nothing to compile one with where the policy has none', async () => {
  const compile = await loadConditions(policyOf('models: [{ match: "*", action: block }]'));
  expect(() => compile('true')).toThrow('where there was none');
});

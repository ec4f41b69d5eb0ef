import { expect, it } from 'vitest';
import { compilePolicy } from '../../agent/src/decide/compile.ts';
import { parsePolicy } from '../../policies/schema/parse-policy.ts';
import { CATALOGUE, compileOptionsFor } from '../kit/decide.ts';

const TEXT = `postern: 1
name: acme
services:
  - match: openai
    mode: block
    when: 'findings.exists(f, f.kind == "jwt")'
models:
  - { match: "gpt-*", action: block, when: 'modle == "x"' }
guardrails:
  - id: a
    detect: secrets
    action: block
    when: request.bytes > "10"
apps:
  rules:
    - match: codex
      state: denied
      when: app.nam == "x"
`;

it("gives every condition that can't work its place in the file", () => {
  const parsed = parsePolicy(TEXT, 'acme.yaml', { catalogue: CATALOGUE });
  if (!parsed.ok) throw new Error('the document itself is good');
  const result = compilePolicy(compileOptionsFor(parsed));
  expect(result.ok).toBe(false);
  const problems = result.ok ? [] : parsed.source.place(result.faults);
  expect(problems.map(({ line, column, field }) => `${line}:${column} ${field}`)).toEqual([
    '6:11 services[0].when',
    '8:44 models[0].when',
    '13:11 guardrails[0].when',
    '18:13 apps.rules[0].when',
  ]);
  expect(problems.every(({ mend }) => mend.length > 0)).toBe(true);
});

it('carries the identity of the policy', () => {
  const parsed = parsePolicy('postern: 1\nname: acme\n', 'acme.yaml');
  const result = parsed.ok && compilePolicy(compileOptionsFor(parsed));
  expect(result).toMatchObject({
    ok: true,
    compiled: { identity: { name: 'acme', revision: parsed.ok && parsed.revision } },
  });
});

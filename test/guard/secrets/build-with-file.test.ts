import { expect, it } from 'vitest';
import type { FileText } from '../../../agent/src/guard/build.ts';
import { buildSecretsWithFile } from '../../../agent/src/guard/secrets/build-with-file.ts';
import { secretsGuardrail } from '../../../policies/schema/guardrails/secrets.ts';

const written = secretsGuardrail.parse({
  id: 'x',
  detect: 'secrets',
  action: 'block',
  rulesFile: 'team.toml',
});
const rule = { ...written, onFailure: 'block' as const };
const build = (file: FileText) => buildSecretsWithFile(rule, { readFile: () => file });

it("makes a detector of its own for a team's file", () => {
  const built = build({ ok: true, text: "[[rules]]\nid = 'acme'\npath = 'x'\nregex = 'acme=([0-9]+)'" });
  if (!built.ok) throw new Error('should build');
  expect(built.key).toBe('secrets:team.toml');
  expect(built.warnings).toMatchObject([
    { path: ['rulesFile'], message: expect.stringMatching(/^team\.toml:3: .*looks everywhere\.$/) },
  ]);
  const detector = built.make();
  expect(detector.id).toBe('secrets:team.toml');
});

it('names file and line of what is wrong', () => {
  expect(build({ ok: true, text: "[[rules]]\nid = 'acme'\nregex = '('" })).toMatchObject({
    ok: false,
    faults: [
      {
        path: ['rulesFile'],
        message: expect.stringMatching(/^team\.toml:3: rule "acme": not an RE2 expression: .*\.$/),
        mend: 'Correct line 3 of team.toml.',
      },
    ],
  });
});

it("passes on why the file can't be read", () => {
  expect(build({ ok: false, message: 'There is no file "team.toml".' })).toMatchObject({
    ok: false,
    faults: [{ path: ['rulesFile'], message: 'There is no file "team.toml".' }],
  });
});

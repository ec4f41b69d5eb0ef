import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testPolicy } from '../../../agent/src/main/policy-tools/test.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'postern-cases-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const POLICY = `postern: 1
name: acme
models: [{ match: "gpt-4*", action: block, when: 'user == "ann" && app.id == "codex"' }]
guardrails:
  - { id: keys, detect: secrets, action: redact, on: [request] }
  - { id: trial, detect: secrets, action: block, on: [request], shadow: true }
`;

async function run(cases: string, policy = POLICY) {
  const policyFile = path.join(folder, 'policy.yaml');
  const casesFile = path.join(folder, 'cases.yaml');
  writeFileSync(policyFile, policy);
  writeFileSync(casesFile, `postern-cases: 1\ncases:\n${cases}`);
  return (await testPolicy(policyFile, casesFile)).cases.map(({ problems }) => problems);
}

it('tells what differs, for each thing that was expected', async () => {
  const [problems] = await run(`  - name: all wrong
    prompt: "AKIA{{A-Z2-7:16}}"
    answer: fine
    expect:
      effective: allow
      decision: warn
      rules: [other]
      findings: []
      sends: "AKIA{{A-Z2-7:16}}"
      keeps: "[REDACTED:aws-access-key-id]"
      answers: wrong
      hides: fine
`);
  expect(problems).toEqual([
    'effective is redact, not allow',
    'decision is block, not warn',
    'rules is keys, trial, not other',
    'findings is aws-access-key-id, not none',
    `what leaves doesn't hold "AKIA{{A-Z2-7:16}}"`,
    'what leaves holds "[REDACTED:aws-access-key-id]"',
    `the answer doesn't hold "wrong"`,
    'the answer holds "fine"',
  ]);
});

it('makes the call as the app, the user and the model that the case names', async () => {
  expect(
    await run(`  - { name: a, app: codex, user: ann, model: gpt-4o, prompt: hi, expect: { effective: block, rules: ["models[0]"] } }
  - { name: b, app: codex, user: bob, model: gpt-4o, prompt: hi, expect: { effective: allow } }
  - { name: c, app: codex, user: ann, model: gpt-5, prompt: hi, expect: { effective: allow } }
  - { name: d, user: ann, body: { model: gpt-4o, messages: [] }, app: claude-code, expect: { effective: allow } }
`),
  ).toEqual([[], [], [], []]);
});

it('shows reversible placeholders as a device would give them out', async () => {
  const policy = POLICY.replace('action: redact', 'action: redact, redaction: reversible').replace(
    / {2}- \{ id: trial.*\n/,
    '',
  );
  expect(
    await run(
      `  - { name: a, prompt: "my AKIA{{A-Z2-7:16}}", expect: { effective: redact, sends: AWS_ACCESS_KEY_ID_, keeps: "AKIA{{A-Z2-7:16}}" } }\n`,
      policy,
    ),
  ).toEqual([[]]);
});

it('reads the clock that the case names', async () => {
  const policy = `postern: 1\nname: hours\nmodels: [{ match: "*", action: block, when: 'time.getHours("Europe/Oslo") >= 18' }]\n`;
  expect(
    await run(
      `  - { name: day, at: "2026-11-24T12:00:00+01:00", prompt: hi, expect: { effective: allow } }
  - { name: night, at: "2026-11-24T19:00:00+01:00", prompt: hi, expect: { effective: block } }
`,
      policy,
    ),
  ).toEqual([[], []]);
});

it.each([
  [
    'a setting that does not exist',
    '  - { name: a, promt: hi, expect: { effective: allow } }\n',
    /cases.yaml:3:.*There is no setting "promt".*\n.*Did you mean "prompt"/,
  ],
  [
    'an expectation that does not exist',
    '  - { name: a, expect: { effectiv: allow } }\n',
    /Did you mean "effective"/,
  ],
  ['an unknown action', '  - { name: a, expect: { effective: stop } }\n', /"stop" isn't a choice here/],
  ['nothing expected', '  - { name: a, expect: {} }\n', /say what is expected/],
  ['an unknown app', '  - { name: a, app: nobody, expect: { effective: allow } }\n', /no app "nobody"/],
])('refuses %s', async (_, cases, message) => {
  await expect(run(cases)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
});

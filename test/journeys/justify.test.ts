/** A rule that wants a reason: refused once with a code, and the retry passes after the reason was given. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { liveLookingAwsKey, type Office, openOffice } from '../kit/office.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice({
    policy: `postern: 1
name: reasons
guardrails:
  - { id: ask-first, detect: secrets, action: justify, justifyMinutes: 20, message: Say what it is for. }
`,
  });
});
afterAll(() => office.stop());

const ask = async () => {
  const ran = await office.run([
    'node',
    'test/journeys/scripts/anthropic-sdk.mjs',
    'stream',
    `why is ${liveLookingAwsKey(41)} denied?`,
  ]);
  return JSON.parse(ran.stdout) as { ok: boolean; status?: number; message?: string; text?: string };
};

it('holds the call back, takes the reason, and lets the retry pass', async () => {
  const refused = await ask();
  expect(refused).toMatchObject({ ok: false, status: 400 });
  const code = /postern justify (\S+) --reason/.exec(refused.message ?? '')?.[1] ?? '';
  expect(code).not.toBe('');
  expect(refused.message).toContain('Say what it is for.');

  const short = await office.postern(['justify', code, '--reason', 'no']);
  expect(short.code).toBe(2);
  const granted = await office.postern(['justify', code, '--reason', 'a key of the training account']);
  expect(granted.code).toBe(0);
  expect(granted.stdout).toContain('The rule "ask-first" lets anthropic-js pass until');

  expect(await ask()).toMatchObject({ ok: true });
  const list = await office.postern(['justify', '--list', '--json']);
  const { exceptions } = JSON.parse(list.stdout) as { exceptions: { id: string; rule: string }[] };
  expect(exceptions).toMatchObject([{ rule: 'ask-first', decisionId: code }]);

  const log = await office.postern(['audit', 'export']);
  expect(log.stdout).toMatch(/exception-granted.*a key of the training account/);

  expect((await office.postern(['justify', '--revoke', exceptions[0]?.id ?? ''])).code).toBe(0);
  expect(await ask()).toMatchObject({ ok: false, status: 400 });
});

it('takes no reason for a call that needed none', async () => {
  const unknown = await office.postern(['justify', 'no-such-decision', '--reason', 'just because of it']);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('There is no decision no-such-decision.');
  expect((await office.postern(['justify'])).code).toBe(2);
});

/** A new policy tried on the calls of the past, with and without stored text. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { PolicyReplay } from '../../agent/src/cli/ports.ts';
import { liveLookingAwsKey, type Office, openOffice } from '../kit/office.ts';

let office: Office;
afterEach(() => office.stop());

const OBSERVE = `postern: 1
name: yesterday
guardrails: [{ id: seen, detect: secrets, action: warn, on: [request] }]
`;

async function callsOfADay(policy: string): Promise<void> {
  office = await openOffice({ policy });
  for (const prompt of ['an ordinary question', `why is ${liveLookingAwsKey(51)} denied?`])
    await office.run(['node', 'test/journeys/scripts/openai-sdk.mjs', 'chat', prompt]);
}

async function replay(rules: string, args: readonly string[] = ['--json']) {
  const file = path.join(office.folder, 'next.yaml');
  writeFileSync(file, `postern: 1\nname: tomorrow\n${rules}`);
  const ran = await office.postern(['policy', 'replay', file, '--since', '1d', ...args]);
  expect(ran.code).toBe(0);
  return ran.stdout;
}

it('judges by what was found then where no text was stored, and says so', async () => {
  await callsOfADay(OBSERVE);
  const answer = JSON.parse(
    await replay(`guardrails:
  - { id: keys, detect: secrets, action: block, on: [request] }
models: [{ match: "claude-*", action: block }]
`),
  ) as PolicyReplay;
  expect(answer).toMatchObject({ calls: 2, withText: 0 });
  expect(answer.outcomes).toMatchObject({
    allow: { before: 1, after: 1 },
    warn: { before: 1, after: 0 },
    block: { before: 0, after: 1 },
  });
  expect(answer.changed).toMatchObject([
    { app: 'openai-js', service: 'openai', before: 'warn', after: 'block', rules: ['keys'] },
  ]);
  expect(answer.refusedNanoUsd).toBe(answer.changed[0]?.nanoUsd);
  expect(answer.limits.join(' ')).toContain('No text was stored of 2 calls');
  expect(await replay('models: [{ match: "gpt-4o*", action: block }]\n', [])).toMatch(
    /2 calls of one person would have gone otherwise[\s\S]*models\[0\]/,
  );
});

it('searches stored text again', async () => {
  await callsOfADay(`${OBSERVE}privacy: { content: always }\n`);
  const answer = JSON.parse(
    await replay('guardrails: [{ id: keys, detect: secrets, kinds: aws-*, action: block, on: [request] }]\n'),
  ) as PolicyReplay;
  expect(answer).toMatchObject({ calls: 2, withText: 2, limits: [] });
  expect(answer.changed).toMatchObject([{ after: 'block', rules: ['keys'] }]);
});

import { expect, it } from 'vitest';
import { policyOf } from '../kit/decide.ts';

it.each([
  ['', false],
  ['apps: { default: deny }', true],
  ['apps: { rules: [{ match: [cline], state: denied }] }', true],
  ['services: [{ match: openai, mode: tunnel, when: \'app.id == "codex"\' }]', true],
  ['services: [{ match: openai, mode: tunnel, when: \'user.id == "app-owner"\' }]', true], // patient, no harm
  ['services: [{ match: openai, mode: tunnel, when: \'user.id == "ann"\' }]', false],
  ['limits: [{ id: burst, scope: app, requestsPerMinute: 60 }]', true],
  ['limits: [{ id: burst, scope: device, requestsPerMinute: 60 }]', false],
])('%s asks which app is calling: %s', (yaml, asks) => {
  expect(policyOf(`${yaml}\n`).asksForApp).toBe(asks);
});

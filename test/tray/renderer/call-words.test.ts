import { expect, it } from 'vitest';
import { ruleWords } from '../../../tray-ui/src/renderer/state/call-words.ts';
import { createTranslator } from '../../../tray-ui/src/shared/i18n/translator.ts';
import { oneExchange } from '../../kit/agent-status.ts';

it.each([
  ['de-DE', { 'aws-access-key-id': 2 }, 'Die Regel „no-secrets“ hat gefunden: 2 × aws-access-key-id.'],
  ['nb', {}, 'Regelen «no-secrets» gjelder.'],
  // The agent's own words are English, and say more.
  ['en-GB', { email: 1 }, undefined],
])('%s: which rule stopped a call, and what it found', (locale, findings, said) => {
  expect(ruleWords(oneExchange({ findings }), 'no-secrets', createTranslator([locale]))).toBe(said);
});

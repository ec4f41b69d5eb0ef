/**
 * One question to the OS keychain, in a process of its own: the Secret Service may wait for ever on D-Bus inside native
 * code, where only the end of the process helps. Question and answer go through pipes, never through arguments.
 */
import { text } from 'node:stream/consumers';
import { Entry } from '@napi-rs/keyring';
import type { HelperAnswer, HelperQuestion } from './keychain.ts';

const SERVICE = 'Postern';

function answer(question: HelperQuestion): HelperAnswer {
  // Pinned: the kernel's keyring, which the library would fall back to, forgets at the next start.
  const entry = new Entry(SERVICE, question.account, { linux: { store: 'secret-service' } });
  if (question.operation === 'write') entry.setPassword(question.value);
  if (question.operation === 'remove') entry.deleteCredential();
  return { value: question.operation === 'remove' ? null : entry.getPassword() };
}

const question = JSON.parse(await text(process.stdin)) as HelperQuestion;
let said: HelperAnswer;
try {
  said = answer(question);
} catch (error) {
  said = { error: error instanceof Error ? error.message : String(error) };
}
process.stdout.write(JSON.stringify(said));

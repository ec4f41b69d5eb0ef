/**
 * Against Presidio itself, with its recognisers that need no language model. Large (spaCy comes with it): only with
 * POSTERN_TEST_PRESIDIO=1, and then its packages are fetched from PyPI once.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { sendToLoopback } from '../../../../agent/src/sync/loopback-http.ts';
import { createRemoteChecks } from '../../../../agent/src/sync/remote-checks/remote-checks.ts';
import { pythonWith } from '../../../kit/clients.ts';
import { remoteRule } from '../rule.ts';

const wanted = process.env['POSTERN_TEST_PRESIDIO'] === '1';
let child: ChildProcess | undefined;
afterAll(() => void child?.kill());

async function startPresidio(python: string): Promise<string> {
  child = spawn(python, [path.join(import.meta.dirname, 'presidio.py')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of child.stdout ?? []) return `http://127.0.0.1:${String(line).trim()}/analyze`;
  throw new Error('Presidio said nothing');
}

it.runIf(wanted)('the real analyzer places what it finds', { timeout: 600_000 }, async () => {
  const python = await pythonWith(['presidio-analyzer']);
  if ('missing' in python) throw new Error(python.missing);
  const url = await startPresidio(python.file);
  const checks = createRemoteChecks({
    send: sendToLoopback,
    credentialsDirectory: '/nowhere',
    nowMs: () => performance.now(),
    dateMs: () => Date.now(),
    log: () => undefined,
  });
  const check = checks.checkFor(remoteRule({ provider: 'presidio', url, timeoutMs: 10_000 }));
  const card = ['4111', '1111', '1111', '1111'].join('');
  const text = `🙂🙂 card ${card}, from 192.0.2.7 — naïve 𝕏`;
  const [found = []] = await check.check([{ text, kind: 'text', role: 'user' }], 'request');
  expect(found.map(({ kind, start, end }) => [kind, text.slice(start, end)])).toEqual(
    expect.arrayContaining([
      ['credit-card', card],
      ['ip-address', '192.0.2.7'],
    ]),
  );
});

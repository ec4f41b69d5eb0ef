/** `npm run demo:fleet` keeps its promises, and leaves nothing behind. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { runClient } from '../kit/clients.ts';
import { cleanEnvironment } from '../kit/office.ts';

const LINES = [
  'Signed in as ann@acme.test.',
  'Signed in as bob@acme.test.',
  "✓ Ann's virtual key was with it",
  '✓ The provider key of the program was not',
  '✓ With that one the gateway would have said 401',
  /✓ ann: strict in force \d\.\d s after the push \(hint\), signed version 3/,
  /✓ bob: strict in force \d\.\d s after the push \(looks every 5 s\), signed version 3/,
  /BadRequestError: 400 Postern stopped this call\. The rule "no-secrets"/,
  /✓ ann: gentle in force \d\.\d s .* version 4/,
  /✓ bob: gentle in force \d\.\d s .* version 4/,
  '✓ All 7 calls have arrived, 2 of them blocked',
  /✓ In \d+ uploads there is no prompt, no answer and no key/,
  /✓ The log on bob's laptop goes through all \d+ heads/,
  '✓ No call has reached a provider past the gateway',
  'Everything came out as promised',
];

it('the demonstration of a fleet', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pstn-'));
  const ran = await runClient(process.execPath, [path.join(import.meta.dirname, 'fleet.ts')], {
    env: cleanEnvironment({ TMPDIR: folder }),
    timeoutMs: 110_000,
  });
  expect(ran, `${ran.stdout}\n${ran.stderr}`).toMatchObject({ code: 0, stderr: '' });
  for (const line of LINES)
    expect(ran.stdout).toMatch(typeof line === 'string' ? new RegExp(line.replaceAll('.', '\\.')) : line);
  expect(readdirSync(folder).filter((name) => name.startsWith('postern-'))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

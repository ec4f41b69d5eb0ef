import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openRecords } from '../../agent/src/record/records.ts';
import { sampleExchange } from './sample-records.ts';

const AT_ONCE = 2_000;
const APPS = ['claude-code', 'codex', 'cursor', 'chrome'] as const;
const MODELS = ['claude-sonnet-4-5', 'gpt-5-mini', 'gemini-2.5-pro'] as const;

/** A home in whose log so many calls of the last days stand, written by the record room itself. */
export async function homeWithExchanges(count: number): Promise<string> {
  const home = mkdtempSync(path.join(tmpdir(), 'postern-full-'));
  const records = await openRecords({
    file: path.join(home, 'postern.db'),
    nowMs: () => Date.now(),
    retentionDays: () => 30,
    contentAllowed: () => false,
  });
  const lastMs = Date.now() - 60_000;
  for (let number = 0; number < count; number += 1) {
    const app = APPS[number % APPS.length] ?? 'unknown';
    const isStop = number % 17 === 0;
    const startedAtMs = lastMs - (count - number) * 20_000;
    records.exchange(
      sampleExchange(number, {
        startedAtMs,
        endedAtMs: startedAtMs + 900,
        app: { id: app, name: app, identifiedBy: 'process' },
        model: MODELS[number % MODELS.length],
        ...(isStop && {
          decision: 'block',
          effective: 'block',
          result: 'refused',
          reasons: [{ rule: 'no-secrets', action: 'block', text: 'The rule "no-secrets" found a token.' }],
          findings: { 'github-token': 1 },
        }),
      }),
    );
    if (number % AT_ONCE === AT_ONCE - 1) await records.flush();
  }
  await records.close();
  return home;
}

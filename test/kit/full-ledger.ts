import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nanoUsd } from '../../agent/src/core/units.ts';
import { openRecords } from '../../agent/src/record/records.ts';
import { sampleExchange } from './sample-records.ts';

const AT_ONCE = 2_000;
const APPS = [
  { id: 'claude-code', name: 'Claude Code' },
  { id: 'codex', name: 'Codex' },
  { id: 'cursor', name: 'Cursor' },
] as const;
const MODELS = ['claude-sonnet-4-5', 'gpt-5-mini', 'gemini-2.5-pro'] as const;

/** A home in whose log so many calls of the last days stand, written by the record room itself. */
export async function homeWithExchanges(count: number, everyMs = 20_000): Promise<string> {
  const home = mkdtempSync(path.join(tmpdir(), 'postern-full-'));
  const records = await openRecords({
    file: path.join(home, 'postern.db'),
    nowMs: () => Date.now(),
    retentionDays: () => 30,
    contentAllowed: () => false,
  });
  const lastMs = Date.now() - 60_000;
  for (let number = 0; number < count; number += 1) {
    const app = APPS[(number * 7 + (number >> 3)) % APPS.length] ?? APPS[0];
    const isStop = number % 17 === 0;
    const startedAtMs = lastMs - (count - number) * everyMs;
    records.exchange(
      sampleExchange(number, {
        startedAtMs,
        endedAtMs: startedAtMs + 900,
        app: { ...app, identifiedBy: 'process' },
        // Not every day is like the other.
        cost: {
          nanoUsd: nanoUsd(4_000_000 * (1 + (number % 13)) * (1 + (Math.floor((count - number) / 24) % 5))),
          estimated: false,
          pricedAs: 'claude-sonnet-4-5',
        },
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

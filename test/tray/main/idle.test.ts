/** What a tray costs that nobody looks at: connected to a real, idle agent, its event loop sleeps. */
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Desk, openDesk } from '../../kit/agent-process.ts';
import { runClient } from '../../kit/clients.ts';
import { cleanEnvironment } from '../../kit/office.ts';

const SECONDS = 5;
const CLIENT = path.join(import.meta.dirname, '..', '..', 'kit', 'idle-tray-client.ts');
let desk: Desk;
beforeAll(async () => {
  desk = openDesk();
  await desk.start();
});
afterAll(() => desk.clear());

it.each(['closed', 'window'])(
  'wakes up less than once a second, and keeps no timer (%s)',
  async (how) => {
    const ran = await runClient(process.execPath, [CLIENT, desk.home, String(SECONDS), how], {
      env: cleanEnvironment({ HOME: desk.folder }),
      timeoutMs: 20_000,
    });
    expect(ran.stderr).toBe('');
    const { wakeUps, timers, openTimers } = JSON.parse(ran.stdout) as Record<string, number>;
    // One of them is the end of the measurement itself.
    expect(wakeUps).toBeLessThan(SECONDS);
    expect(timers).toBe(0);
    expect(openTimers).toBe(0);
  },
  30_000,
);

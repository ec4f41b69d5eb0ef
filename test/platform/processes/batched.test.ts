import { expect, it } from 'vitest';
import { batched } from '../../../agent/src/platform/processes/batched.ts';

it('who asks during a reading gets the next one, and shares it', async () => {
  let readings = 0;
  const gates: (() => void)[] = [];
  const ask = batched(async () => {
    readings += 1;
    const own = readings;
    await new Promise<void>((resolve) => gates.push(resolve));
    return own;
  }, 0);
  const first = ask();
  await until(() => gates.length === 1);
  const later = [ask(), ask(), ask()];
  gates[0]?.();
  expect(await first).toBe(1);
  await until(() => gates.length === 2);
  gates[1]?.();
  expect(await Promise.all(later)).toEqual([2, 2, 2]);
});

it('a reading that fails is told to those who share it, and the next one is read all the same', async () => {
  let readings = 0;
  const ask = batched(async () => {
    readings += 1;
    if (readings === 1) throw new Error('gone');
    return readings;
  }, 0);
  const both = await Promise.allSettled([ask(), ask()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await ask()).toBe(2);
});

it('keeps its distance', async () => {
  const atMs: number[] = [];
  const ask = batched(async () => void atMs.push(performance.now()), 30);
  await ask();
  await ask();
  expect((atMs[1] ?? 0) - (atMs[0] ?? 0)).toBeGreaterThan(28);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

import { expect, it } from 'vitest';
import { PendingWork } from '../../agent/src/main/pending-work.ts';

it('waits for what runs, and for nothing that has ended', async () => {
  const pending = new PendingWork();
  await pending.settled();
  const { promise, resolve } = Promise.withResolvers<void>();
  let ended = false;
  pending.track(promise);
  const settled = pending.settled().then(() => {
    ended = true;
  });
  await Promise.resolve();
  expect(ended).toBe(false);
  resolve();
  await settled;
  expect(ended).toBe(true);
});

import { expect, it } from 'vitest';
import { createRouter } from '../../../tray-ui/src/renderer/state/router.ts';

it('goes where it is sent, and closes what was opened on a page', () => {
  const router = createRouter('now');
  const seen: unknown[] = [];
  router.address.subscribe((address) => void seen.push(address));
  router.go({ page: 'now' });
  expect(seen).toHaveLength(1);
  router.go({ page: 'now', pauseMinutes: 15 });
  expect(router.address.value).toEqual({ page: 'now', pauseMinutes: 15 });
  router.closePause();
  expect(router.address.value).toEqual({ page: 'now' });
  router.go({ page: 'activity', decision: 'd-1' });
  router.closeDecision();
  expect(router.address.value).toEqual({ page: 'activity' });
});

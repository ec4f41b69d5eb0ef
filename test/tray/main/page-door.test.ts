import { expect, it } from 'vitest';
import { addressesIn } from '../../../tray-ui/src/main/page-door.ts';

it.each([
  [
    { url: 'https://login.example.com/authorize?x=1', untilMs: 1 },
    ['https://login.example.com/authorize?x=1'],
  ],
  [{ endSessionUrl: 'https://login.example.com/end' }, ['https://login.example.com/end']],
  [{ url: 'http://127.0.0.1:8080/device' }, ['http://127.0.0.1:8080/device']],
  [{ url: 'file:///etc/passwd' }, []],
  [{ url: 'ms-msdt:/id' }, []],
  [{ url: 7 }, []],
  [{}, []],
  [undefined, []],
])('of an answer %j may open %j', (output, addresses) => {
  expect(addressesIn({ ok: true, output })).toEqual(addresses);
});

it('opens nothing of a failure', () => {
  expect(addressesIn({ ok: false, code: 'internal', message: 'https://example.com' })).toEqual([]);
});

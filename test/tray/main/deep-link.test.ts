import { expect, it } from 'vitest';
import { addressOf, linkAmong } from '../../../tray-ui/src/main/deep-link.ts';

it.each([
  ['postern://decision/mwx3o7rw-60db-e', { page: 'activity', decision: 'mwx3o7rw-60db-e' }],
  ['postern://decision/a_b', { page: 'activity', decision: 'a_b' }],
  ['postern://money', { page: 'money' }],
  ['postern:///help', { page: 'help' }],
  ['postern://decision', undefined],
  // A URL's dots are gone before it is read: what is left is the id of no decision.
  ['postern://decision/../../etc', { page: 'activity', decision: 'etc' }],
  ['postern://decision/a%20b', undefined],
  [`postern://decision/${'x'.repeat(101)}`, undefined],
  ['postern://nowhere', undefined],
  ['https://decision/a', undefined],
  ['javascript:alert(1)', undefined],
  ['', undefined],
])('%s', (link, address) => {
  expect(addressOf(link)).toEqual(address);
});

it('finds the link among arguments', () => {
  expect(linkAmong(['/usr/bin/postern-tray', '--flag', 'postern://money'])).toBe('postern://money');
  expect(linkAmong(['/usr/bin/postern-tray'])).toBeUndefined();
});

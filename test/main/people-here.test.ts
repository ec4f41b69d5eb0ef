import { hostname, userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { groupsHere, hereFor } from '../../agent/src/main/people-here.ts';

const ann = (groups: readonly string[]) => ({ subject: 'u-1', name: 'ann@acme.test', groups });

test.each<[string, readonly string[], readonly string[] | undefined, readonly string[]]>([
  ["nobody is signed in: device management's, in its order", ['ring-1', 'all'], undefined, ['ring-1', 'all']],
  [
    "device management's first, the person's by the alphabet",
    ['ring-1'],
    ['staff', 'dev'],
    ['ring-1', 'dev', 'staff'],
  ],
  ['in lower case, and without the slash of a path', [], ['/Engineering'], ['engineering']],
  ['each once', ['dev'], ['Dev', 'dev'], ['dev']],
  ["what can't be a group of a repository is left out", [], ['All Staff', 'a/b', 'root', ''], []],
])('%s', (_name, configured, claimed, expected) => {
  expect(groupsHere(configured, claimed && ann(claimed))).toEqual(expected);
});

test('switches may name the person, the device and groups by any of their names', () => {
  expect(hereFor(['ring-1'], ann(['All Staff']), '0123abcd')).toEqual({
    devices: [hostname(), '0123abcd'],
    users: [userInfo().username, 'ann@acme.test', 'u-1'],
    groups: ['ring-1', 'All Staff'],
  });
  expect(hereFor([], undefined, undefined)).toEqual({
    devices: [hostname()],
    users: [userInfo().username],
    groups: [],
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimAt, isIncomplete, userFrom, virtualKeyIn } from '../../../agent/src/sync/identity/claims.ts';
import { identityConfig } from '../../../agent/src/sync/identity/config.ts';

const config = (claims: Record<string, string> = {}) =>
  identityConfig.parse({ issuer: 'https://login.test', clientId: 'c', claims });

describe('who it is', () => {
  it.each([
    [{ sub: 's', email: 'a@b.c', preferred_username: 'a' }, {}, 'a@b.c'],
    [{ sub: 's', preferred_username: 'a' }, {}, 'a'],
    [{ sub: 's' }, {}, 's'],
    [{ sub: 's', email: ' ', upn: 'ann@acme' }, { name: 'upn' }, 'ann@acme'],
    [{ sub: 's', email: 'a\u0007\nb' }, {}, 'a b'],
  ])('%j with %j is %s', (claims, names, name) => {
    expect(userFrom(claims, config(names)).name).toBe(name);
  });

  it.each([
    [{ groups: ['a', 'b'] }, {}, ['a', 'b']],
    [{ groups: 'a b,c' }, {}, ['a', 'b', 'c']],
    [{ groups: [1, 'a', null, ''] }, {}, ['a']],
    [{ realm_access: { roles: ['x'] } }, { groups: 'realm_access.roles' }, ['x']],
    [{ 'https://acme.com/groups': ['y'] }, { groups: 'https://acme.com/groups' }, ['y']],
    [{}, {}, []],
  ])('groups of %j', (claims, names, groups) => {
    expect(userFrom({ sub: 's', ...claims }, config(names)).groups).toEqual(groups);
  });

  it('whatever a provider says, it is one line of bounded length', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (claims) => {
        const { name, groups } = userFrom({ ...claims, sub: 's' }, config());
        for (const text of [name, ...groups]) expect(text).toMatch(/^\P{Cc}{1,200}$/u);
      }),
    );
  });
});

it('a key is taken from the claim that is named, and from no other', () => {
  expect(virtualKeyIn({ key: 'vk' }, config())).toBeUndefined();
  expect(virtualKeyIn({ key: 'vk' }, config({ virtualKey: 'key' }))).toBe('vk');
  expect(virtualKeyIn({ key: 7 }, config({ virtualKey: 'key' }))).toBeUndefined();
  expect(claimAt({ a: null }, 'a.b')).toBeUndefined();
  expect(isIncomplete({ email: 'x', groups: [] }, config())).toBe(false);
  expect(isIncomplete({ email: 'x', groups: [] }, config({ virtualKey: 'key' }))).toBe(true);
});

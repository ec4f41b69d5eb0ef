import { describe, expect, it } from 'vitest';
import { identityConfig, tenantConfig } from '../../../agent/src/sync/identity/config.ts';

const base = { issuer: 'https://login.acme.test', clientId: 'postern' };

it('needs an issuer and a client id; the rest has defaults', () => {
  expect(identityConfig.parse(base)).toEqual({
    ...base,
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    redirect: { path: '/callback', port: 0 },
    claims: { groups: 'groups' },
  });
});

describe('addresses', () => {
  it.each(['https://x.test', 'http://127.0.0.1:8080/realms/a', 'http://localhost:1'])(
    '%s may be',
    (issuer) => {
      expect(identityConfig.safeParse({ ...base, issuer }).success).toBe(true);
    },
  );
  it.each(['http://x.test', 'https://user:pass@x.test', 'ftp://x.test', 'x.test', ''])(
    '%s may not',
    (issuer) => {
      expect(identityConfig.safeParse({ ...base, issuer }).success).toBe(false);
      expect(identityConfig.safeParse({ ...base, tokenExchange: { endpoint: issuer } }).success).toBe(false);
      expect(tenantConfig.safeParse({ id: 'a', enrolUrl: issuer }).success).toBe(false);
    },
  );
});

it.each([
  { clientSecret: 's' },
  { redirect: { path: 'callback' } },
  { redirect: { path: '/a?b' } },
  { scopes: [] },
])('%j is refused', (more) => {
  expect(identityConfig.safeParse({ ...base, ...more }).success).toBe(false);
});

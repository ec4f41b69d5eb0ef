import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeychainAnswer } from '../../../agent/src/core/secrets.ts';
import { KeyRing, type KeyRingOptions } from '../../../agent/src/sync/identity/key-ring.ts';
import { exchangeToken } from '../../../agent/src/sync/identity/token-exchange.ts';
import { type KeyExchange, startKeyExchange } from '../../kit/key-exchange.ts';
import { CLIENT_ID } from '../../kit/openid-provider.ts';
import {
  closeAll,
  closeLater,
  MemoryStore,
  openSession,
  provider,
  testAuthority,
  until,
  visit,
} from './setup.ts';

afterEach(closeAll);

let secrets: MemoryStore;
let inKeychain: KeychainAnswer;
let now: number;
let events: string[];
beforeEach(() => {
  secrets = new MemoryStore();
  inKeychain = { kind: 'none' };
  now = Date.now();
  events = [];
});

function ring(options: Partial<KeyRingOptions> = {}): KeyRing {
  const made = new KeyRing({
    configured: undefined,
    keychain: { read: async () => inKeychain },
    credentialFile: () => undefined,
    secrets,
    mayType: () => true,
    exchange: undefined,
    exchangeName: 'sign-in',
    nowMs: () => now,
    event: (code, detail) => events.push(`${code}: ${detail}`),
    onChange: () => undefined,
    ...options,
  });
  closeLater(() => made.close());
  return made;
}

describe('typed in', () => {
  it('several, one in use; the choice outlives the process, the secrets are shown nowhere', async () => {
    const keys = ring();
    await keys.add('red', 'sk-red');
    await keys.add('blue', 'sk-blue');
    expect(keys.active()).toMatchObject({ name: 'red', secret: 'sk-red' });
    await keys.use('blue');
    const next = ring();
    expect(next.active()).toBeUndefined();
    await next.open();
    expect(next.active()).toMatchObject({ name: 'blue', secret: 'sk-blue' });
    expect(next.views.map(({ name, active }) => [name, active])).toEqual([
      ['red', false],
      ['blue', true],
    ]);
    expect(JSON.stringify([next.views, events, next.problem])).not.toContain('sk-');
    await next.remove('blue');
    expect(next.active()?.name).toBe('red');
    await expect(next.remove('blue')).rejects.toMatchObject({ code: 'key-refused' });
    await expect(next.use('green')).rejects.toMatchObject({ code: 'key-refused' });
  });

  it('only where the policy allows it', async () => {
    await expect(ring({ mayType: () => false }).add('red', 'sk')).rejects.toMatchObject({
      code: 'key-refused',
      mend: expect.stringContaining('allowVirtualKeyEntry'),
    });
    expect(secrets.entries.size).toBe(0);
  });

  it('listeners hear of another key and of another secret, and of nothing else', async () => {
    const keys = ring();
    const heard = vi.fn();
    keys.onChange(heard);
    await keys.add('red', 'sk-1');
    expect(heard).toHaveBeenCalledTimes(1);
    await keys.add('blue', 'sk-2');
    expect(heard).toHaveBeenCalledTimes(1);
    await keys.add('red', 'sk-3');
    expect(heard).toHaveBeenCalledTimes(2);
  });

  it('refused by the gateway: said until there is a new one', async () => {
    const keys = ring();
    await keys.add('red', 'sk-1');
    keys.refused('red', 'revoked');
    expect(keys.problem).toMatchObject({
      code: 'virtual-key-refused',
      text: expect.stringContaining('it is revoked'),
      mend: expect.stringContaining('postern key add red'),
    });
    expect(events).toContain('virtual-key-refused: red: revoked');
    await keys.add('red', 'sk-2');
    expect(keys.problem).toBeUndefined();
    keys.refused('nobody', 'unknown');
    expect(keys.problem).toBeUndefined();
  });
});

describe('a key that the gateway takes again', () => {
  it('has nothing held against it any more, and that is told once', async () => {
    const keys = ring();
    await keys.add('red', 'sk-1');
    keys.refused('red', 'revoked');
    keys.accepted({ name: 'red', secret: 'sk-1' });
    keys.accepted({ name: 'red', secret: 'sk-1' });
    expect(keys.problem).toBeUndefined();
    expect(keys.views).toMatchObject([{ name: 'red', refused: undefined }]);
    expect(events.filter((event) => event.startsWith('virtual-key-accepted'))).toEqual([
      'virtual-key-accepted: red',
    ]);
  });

  it('is not one that answers to an older secret', async () => {
    const keys = ring();
    await keys.add('red', 'sk-2');
    keys.refused('red', 'unknown');
    keys.accepted({ name: 'red', secret: 'sk-1' });
    keys.accepted({ name: 'nobody', secret: 'sk-2' });
    expect(keys.problem).toMatchObject({ code: 'virtual-key-refused' });
  });
});

describe('of the configuration', () => {
  it('a text is there at once', () => {
    expect(ring({ configured: 'vk-plain' }).active()).toMatchObject({ name: 'company', secret: 'vk-plain' });
  });

  it('of the keychain; rotated there, it is read again when the gateway refuses the old one', async () => {
    inKeychain = { kind: 'found', value: 'vk-1' };
    const keys = ring({ configured: { keychain: 'team-a' } });
    await keys.open();
    expect(keys.active()).toMatchObject({ name: 'team-a', secret: 'vk-1' });
    inKeychain = { kind: 'found', value: 'vk-2' };
    keys.refused('team-a', 'revoked');
    await until(() => keys.active()?.secret === 'vk-2');
    expect(keys.problem).toBeUndefined();
  });

  it('without a keychain, of a file in the credentials folder', async () => {
    inKeychain = { kind: 'absent', why: 'no bus' };
    const keys = ring({ configured: { keychain: 'team-a' }, credentialFile: (name) => `file of ${name}` });
    await keys.open();
    expect(keys.active()?.secret).toBe('file of team-a');
  });

  it('a file that others can read is told, not used', async () => {
    const credentialFile = () => {
      throw new Error('/home/credentials/team-a is not private to you');
    };
    const keys = ring({ configured: { keychain: 'team-a' }, credentialFile });
    await keys.open();
    expect(keys.problem?.text).toContain('is not private to you');
  });

  it.each(['locked', 'silent', 'absent'] as const)(
    'a keychain that is %s is told, with what to do',
    async (kind) => {
      inKeychain = { kind, why: '' };
      const keys = ring({ configured: { keychain: 'team-a' } });
      await keys.open();
      expect(keys.active()).toBeUndefined();
      expect(keys.problem).toMatchObject({
        code: 'virtual-key-missing',
        mend: expect.stringContaining('team-a'),
      });
    },
  );
});

describe('of a claim', () => {
  it('comes with the sign-in and goes with it', async () => {
    const keys = ring({ configured: 'vk-company' });
    await keys.signedInChanged('vk-claimed', true);
    expect(keys.active()).toMatchObject({ name: 'sign-in', secret: 'vk-claimed' });
    await keys.signedInChanged('vk-rotated', true);
    expect(keys.active()?.secret).toBe('vk-rotated');
    await keys.signedInChanged(undefined, false);
    expect(keys.active()?.name).toBe('company');
  });
});

describe('by token exchange (RFC 8693)', () => {
  async function exchanging() {
    const op = await provider();
    const exchange = await startKeyExchange(await testAuthority(), op);
    closeLater(() => exchange.close());
    const { session, send, config } = await openSession({
      issuer: op.issuer,
      config: { tokenExchange: { endpoint: exchange.url, audience: 'ai-gateway', scope: 'chat' } },
    });
    const keys = ring({
      exchange: async () => {
        const token = await session.accessToken();
        return token === undefined || config.tokenExchange === undefined
          ? undefined
          : exchangeToken(send, config.tokenExchange, CLIENT_ID, token);
      },
    });
    await visit((await session.start('browser')).url);
    await until(() => session.user !== undefined);
    return { op, exchange, keys };
  }
  const lastForm = ({ forms }: KeyExchange) => Object.fromEntries(forms.at(-1) ?? []);

  it('a signed-in person gets a key', async () => {
    const { exchange, keys } = await exchanging();
    await keys.signedInChanged(undefined, true);
    expect(keys.active()).toMatchObject({ name: 'sign-in', secret: 'vk-ann-1' });
    expect(lastForm(exchange)).toMatchObject({
      audience: 'ai-gateway',
      scope: 'chat',
      client_id: CLIENT_ID,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
    await keys.signedInChanged(undefined, false);
    expect(keys.active()).toBeUndefined();
  });

  it('one that ends soon is exchanged again before', async () => {
    const { exchange, keys } = await exchanging();
    exchange.expiresInSeconds = 1;
    await keys.signedInChanged(undefined, true);
    now += 0;
    const real = setInterval(() => {
      now = Date.now();
    }, 50);
    closeLater(() => clearInterval(real));
    await until(() => keys.active()?.secret === 'vk-ann-2');
  });

  it('one that the gateway refuses is exchanged again', async () => {
    const { keys } = await exchanging();
    await keys.signedInChanged(undefined, true);
    now += 31_000;
    keys.refused('sign-in', 'expired');
    await until(() => keys.active()?.secret === 'vk-ann-2');
    expect(keys.problem).toBeUndefined();
  });

  it('a no is told', async () => {
    const { exchange, keys } = await exchanging();
    exchange.refuses = 'invalid_target';
    await keys.signedInChanged(undefined, true);
    expect(keys.active()).toBeUndefined();
    expect(keys.problem).toMatchObject({
      code: 'key-refused',
      text: expect.stringContaining('invalid_target: not in a team'),
      mend: expect.stringContaining('administrator'),
    });
  });

  it('whatever goes wrong inside is told, and ends nothing', async () => {
    const keys = ring({ exchange: () => Promise.reject(new TypeError('a fault of ours')) });
    await keys.signedInChanged(undefined, true);
    expect(keys.problem).toMatchObject({ code: 'key-exchange-failed', text: 'a fault of ours' });
  });

  it('an endpoint that is not there leaves the old key in use', async () => {
    const { exchange, keys } = await exchanging();
    await keys.signedInChanged(undefined, true);
    await exchange.close();
    now += 31_000;
    keys.refused('sign-in', 'expired');
    await until(() => keys.problem !== undefined);
    expect(keys.active()?.secret).toBe('vk-ann-1');
  });
});

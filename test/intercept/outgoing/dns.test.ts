import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  createNameResolver,
  directNames,
  type NameSource,
} from '../../../agent/src/intercept/outgoing/dns.ts';
import { pause } from './setup.ts';

const found = (address: string, ttlMs = 30_000): NameSource => ({
  lookup: async () => ({ addresses: [address], ttlMs }),
});
const failing = (code: string): NameSource => ({
  lookup: () => Promise.reject(Object.assign(new Error(code), { code })),
});
const hanging = (): NameSource & { asked: number } => {
  const source = {
    asked: 0,
    lookup() {
      source.asked++;
      return new Promise<never>(() => {});
    },
  };
  return source;
};
const counting = (inner: NameSource): NameSource & { asked: number } => {
  const source = {
    asked: 0,
    lookup(host: string) {
      source.asked++;
      return inner.lookup(host);
    },
  };
  return source;
};
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  return error?.code ?? 'none';
};

describe('the name resolver', () => {
  it('finds names of the hosts file with the system’s own resolver', async () => {
    expect(await createNameResolver({ deadlineMs: 2_000 }).resolve('localhost')).toContain('127.0.0.1');
  });

  it('asks nobody about addresses', async () => {
    const resolver = createNameResolver({ deadlineMs: 50, system: hanging(), direct: hanging() });
    expect(await resolver.resolve('::1')).toEqual(['::1']);
  });

  it('believes the system first, and c-ares only when the system is late', async () => {
    const direct = counting(found('192.0.2.2'));
    const resolver = createNameResolver({
      deadlineMs: 500,
      hedgeAfterMs: 20,
      system: found('192.0.2.1'),
      direct,
    });
    expect(await resolver.resolve('a.test')).toEqual(['192.0.2.1']);
    await pause(40);
    expect(direct.asked).toBe(0);
    const late = createNameResolver({ deadlineMs: 500, hedgeAfterMs: 20, system: hanging(), direct });
    expect(await late.resolve('a.test')).toEqual(['192.0.2.2']);
  });

  it('takes the system’s no for an answer, but not its shrug', async () => {
    const direct = counting(found('192.0.2.2'));
    const no = createNameResolver({ deadlineMs: 500, system: failing('ENOTFOUND'), direct });
    expect(await codeOf(no.resolve('a.test'))).toBe('dns-failed');
    expect(direct.asked).toBe(0);
    const shrug = createNameResolver({ deadlineMs: 500, system: failing('EAI_AGAIN'), direct });
    expect(await shrug.resolve('a.test')).toEqual(['192.0.2.2']);
    const neither = createNameResolver({
      deadlineMs: 500,
      system: failing('EAI_AGAIN'),
      direct: failing('ESERVFAIL'),
    });
    expect(await codeOf(neither.resolve('a.test'))).toBe('dns-failed');
  });

  it('doesn’t let c-ares deny a name that the system may still know (split DNS)', async () => {
    const slow: NameSource = { lookup: () => pause(80).then(() => ({ addresses: ['10.0.0.1'], ttlMs: 1 })) };
    const resolver = createNameResolver({
      deadlineMs: 500,
      hedgeAfterMs: 5,
      system: slow,
      direct: failing('ENOTFOUND'),
    });
    expect(await resolver.resolve('intranet')).toEqual(['10.0.0.1']);
  });

  it('ends by its deadline, however black the hole', async () => {
    const resolver = createNameResolver({ deadlineMs: 60, system: hanging(), direct: hanging() });
    const started = Date.now();
    const codes = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => codeOf(resolver.resolve(`${name}.test`))),
    );
    expect(codes).toEqual(['dns-timeout', 'dns-timeout', 'dns-timeout', 'dns-timeout']);
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  it('holds no more than two of libuv’s threads, and asks c-ares at once when both hang', async () => {
    const system = hanging();
    const resolver = createNameResolver({
      deadlineMs: 4_000,
      hedgeAfterMs: 1_200,
      system,
      direct: found('192.0.2.2'),
    });
    const first = [resolver.resolve('a.test'), resolver.resolve('b.test')];
    const started = Date.now();
    expect(await resolver.resolve('c.test')).toEqual(['192.0.2.2']);
    expect(Date.now() - started).toBeLessThan(1_000);
    await Promise.all(first);
    expect(system.asked).toBe(2);
  });

  it('asks once for callers at the same time, then remembers for the bounded TTL', async () => {
    let nowMs = 0;
    const system = counting(found('192.0.2.1', 1));
    const resolver = createNameResolver({ deadlineMs: 100, system, now: () => nowMs });
    await Promise.all([resolver.resolve('a.test'), resolver.resolve('a.test')]);
    await resolver.resolve('a.test');
    expect(system.asked).toBe(1);
    nowMs = 5_001; // a TTL of 1 ms is taken as 5 s
    await resolver.resolve('a.test');
    expect(system.asked).toBe(2);
    const long = counting(found('192.0.2.1', 86_400_000));
    const patient = createNameResolver({ deadlineMs: 100, system: long, now: () => nowMs });
    await patient.resolve('a.test');
    nowMs += 300_001; // and one of a day as 5 minutes
    await patient.resolve('a.test');
    expect(long.asked).toBe(2);
  });

  it('remembers a no for two seconds, and a timeout not at all', async () => {
    let nowMs = 0;
    const system = counting(failing('ENOTFOUND'));
    const resolver = createNameResolver({ deadlineMs: 100, system, now: () => nowMs });
    await codeOf(resolver.resolve('a.test'));
    await codeOf(resolver.resolve('a.test'));
    expect(system.asked).toBe(1);
    nowMs = 2_001;
    await codeOf(resolver.resolve('a.test'));
    expect(system.asked).toBe(2);
  });

  it('lets one caller give up without the others noticing', async () => {
    const slow: NameSource = { lookup: () => pause(50).then(() => ({ addresses: ['192.0.2.1'], ttlMs: 1 })) };
    const resolver = createNameResolver({ deadlineMs: 500, system: slow });
    const control = new AbortController();
    const gone = codeOf(resolver.resolve('a.test', control.signal));
    const staying = resolver.resolve('a.test');
    control.abort();
    expect(await gone).toBe('aborted');
    expect(await staying).toEqual(['192.0.2.1']);
  });
});

describe('c-ares', () => {
  /** A name server that knows `a.test` and is silent about `silent.test`. */
  async function startNameServer(): Promise<{ address: string; close(): void }> {
    const server = createSocket('udp4');
    server.on('message', (query, peer) => {
      const question = query.subarray(12, query.indexOf(0, 12) + 5);
      if (question.includes('silent')) return;
      const isA = question.at(-3) === 1;
      const known = question.includes('\x01a\x04test');
      const head = Buffer.from([
        query[0] ?? 0,
        query[1] ?? 0,
        0x81,
        known ? 0x80 : 0x83,
        0,
        1,
        0,
        known && isA ? 1 : 0,
        0,
        0,
        0,
        0,
      ]);
      const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 77, 0, 4, 192, 0, 2, 7]);
      server.send(Buffer.concat([head, question, ...(known && isA ? [answer] : [])]), peer.port);
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    return { address: `127.0.0.1:${server.address().port}`, close: () => server.close() };
  }

  it('finds addresses with their TTL, says no, and gives up by its timeout', async () => {
    const server = await startNameServer();
    const direct = directNames(300, [server.address]);
    expect(await direct.lookup('a.test')).toEqual({ addresses: ['192.0.2.7'], ttlMs: 77_000 });
    expect(await codeOf(direct.lookup('b.test'))).toBe('ENOTFOUND');
    const resolver = createNameResolver({ deadlineMs: 600, hedgeAfterMs: 1, system: hanging(), direct });
    expect(await resolver.resolve('a.test')).toEqual(['192.0.2.7']);
    const started = Date.now();
    expect(await codeOf(resolver.resolve('silent.test'))).toBe('dns-timeout');
    expect(Date.now() - started).toBeLessThan(5_000);
    server.close();
  });
});

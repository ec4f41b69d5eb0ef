import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { readCrl } from '../../../agent/src/intercept/outgoing/crl.ts';
import { ocspStatus } from '../../../agent/src/intercept/outgoing/ocsp.ts';
import { Revocation } from '../../../agent/src/intercept/outgoing/revocation.ts';
import {
  authority,
  certificate,
  daysFromNow,
  der,
  ecKey,
  extensions,
  type Issuer,
  keyPem,
  newSerial,
  ocspAnswer,
  PURPOSE,
  pem,
  revocationList,
  rsaKey,
  seq,
} from '../../kit/der-writer.ts';
import { fetchOnce } from '../../kit/upstream-call.ts';
import { createBench, HOST, local, ok, onRequests, until } from './setup.ts';

const root = authority({ subject: 'Root' });
const rsaRoot = authority({ subject: 'RSA Root', keys: rsaKey(2048) });
const other = authority({ subject: 'Other' });
const keys = ecKey();
const serial = newSerial();
const leafOf = (issuer: Issuer, url?: string): Buffer =>
  certificate({
    subject: HOST,
    keys,
    issuer,
    serial,
    extensions: [extensions.san([HOST]), ...(url === undefined ? [] : [extensions.crlAt(url)])],
  });
const leaf = leafOf(root);
const responder = (issuer: Issuer, purpose: string, notAfter = daysFromNow(3)): Issuer => {
  const own = ecKey();
  const cert = certificate({
    subject: 'Responder',
    keys: own,
    issuer,
    notAfter,
    extensions: [extensions.purposes(purpose)],
  });
  return { keys: own, subject: 'Responder', cert };
};

describe('a stapled OCSP answer', () => {
  const status = (answer: Uint8Array, now = Date.now()) => ocspStatus(answer, leaf, root.cert, now);
  it.each([
    ['good', () => ocspAnswer(root, serial, { status: 'good' }), 'good'],
    ['revoked', () => ocspAnswer(root, serial, { status: 'revoked' }), 'revoked'],
    ['unknown', () => ocspAnswer(root, serial, { status: 'unknown' }), 'unknown'],
    [
      'by a delegate',
      () => ocspAnswer(root, serial, { status: 'good', delegate: responder(root, PURPOSE.ocsp) }),
      'good',
    ],
    ['by a stranger', () => ocspAnswer(root, serial, { status: 'good', signer: other.keys }), 'unusable'],
    [
      'by a delegate of another issuer',
      () => ocspAnswer(root, serial, { status: 'good', delegate: responder(other, PURPOSE.ocsp) }),
      'unusable',
    ],
    [
      'by a certificate for something else',
      () => ocspAnswer(root, serial, { status: 'good', delegate: responder(root, PURPOSE.server) }),
      'unusable',
    ],
    [
      'by an expired delegate',
      () =>
        ocspAnswer(root, serial, {
          status: 'good',
          delegate: responder(root, PURPOSE.ocsp, daysFromNow(-1)),
        }),
      'unusable',
    ],
    ['about another certificate', () => ocspAnswer(root, newSerial(), { status: 'good' }), 'unusable'],
    ['of another issuer', () => ocspAnswer(other, serial, { status: 'good' }), 'unusable'],
    [
      'not yet valid',
      () => ocspAnswer(root, serial, { status: 'good', thisUpdate: daysFromNow(1) }),
      'unusable',
    ],
    [
      'out of date',
      () =>
        ocspAnswer(root, serial, {
          status: 'good',
          thisUpdate: daysFromNow(-9),
          nextUpdate: daysFromNow(-1),
        }),
      'unusable',
    ],
    ['"try later"', () => seq(der(0x0a, Buffer.from([3]))), 'unusable'],
    ['nonsense', () => Buffer.from('hello'), 'unusable'],
  ] as const)('%s', (_name, answer, expected) => {
    expect(status(answer())).toBe(expected);
  });

  it('by an RSA issuer', () => {
    const certificateOfRsa = leafOf(rsaRoot);
    const answer = ocspAnswer(rsaRoot, serial, { status: 'revoked' });
    expect(ocspStatus(answer, certificateOfRsa, rsaRoot.cert, Date.now())).toBe('revoked');
  });

  it('with any byte changed is never taken for another verdict', () => {
    const answer = ocspAnswer(root, serial, { status: 'revoked' });
    for (let index = 0; index < answer.length; index++) {
      const broken = Buffer.from(answer);
      broken[index] = (broken[index] ?? 0) ^ 0x01;
      expect(['revoked', 'unusable']).toContain(status(broken));
    }
  });
});

describe('a revocation list', () => {
  const read = (list: Uint8Array, issuer = root) => readCrl(list, issuer.cert, new Set([serial]), Date.now());
  it('names what it revokes, among thousands, by EC and RSA issuers', async () => {
    const many = Array.from({ length: 5_000 }, () => newSerial());
    expect((await read(revocationList(root, [...many, serial]))).revoked).toEqual(new Set([serial]));
    expect((await read(revocationList(rsaRoot, [serial]), rsaRoot)).revoked).toEqual(new Set([serial]));
    expect((await read(revocationList(root, many))).revoked.size).toBe(0);
    expect((await read(revocationList(root, []))).revoked.size).toBe(0);
  });

  it.each([
    ['of another issuer', () => revocationList(other, [serial])],
    ['signed by a stranger', () => revocationList(root, [serial], { signer: other.keys })],
    [
      'out of date',
      () => revocationList(root, [], { thisUpdate: daysFromNow(-9), nextUpdate: daysFromNow(-1) }),
    ],
    ['from the future', () => revocationList(root, [], { thisUpdate: daysFromNow(1) })],
    [
      'a delta',
      () =>
        revocationList(root, [], {
          extensions: [{ oid: '551d1b', critical: true, value: Buffer.from([2, 1, 1]) }],
        }),
    ],
    [
      'an indirect one',
      () =>
        revocationList(root, [], {
          extensions: [{ oid: '551d1c', critical: true, value: seq(der(0x84, Buffer.from([0xff]))) }],
        }),
    ],
    [
      'with an unknown critical extension',
      () => revocationList(root, [], { extensions: [extensions.unknownCritical()] }),
    ],
    ['cut short', () => revocationList(root, [serial]).subarray(0, 100)],
    ['nonsense', () => Buffer.from('<html>')],
  ])('%s is not believed', async (_name, list) => {
    await expect(read(list())).rejects.toMatchObject({ code: 'certificate-invalid' });
  });
});

describe('revocation', () => {
  const create = (lists: Record<string, () => Uint8Array>, clock = { nowMs: Date.now() }) => {
    const dropped: string[] = [];
    let fetches = 0;
    const revocation = new Revocation({
      fetchList: async (url) => {
        fetches++;
        const list = lists[url];
        if (list === undefined) throw new Error('404');
        return list();
      },
      onRevoked: (origin) => dropped.push(origin),
      now: () => clock.nowMs,
      log: undefined,
    });
    return { revocation, dropped, clock, fetches: () => fetches };
  };
  const url = 'http://crl.test/a.crl';
  const chain = [leafOf(root, url), root.cert];

  it('fetches a list once, and again when it has aged', async () => {
    const { revocation, fetches, clock } = create({ [url]: () => revocationList(root, []) });
    await Promise.all([revocation.learn('a', chain), revocation.learn('b', chain)]);
    await revocation.learn('a', chain);
    expect(fetches()).toBe(1);
    expect(revocation.refusal(HOST, chain, undefined, false)).toBeUndefined();
    clock.nowMs += 86_400_001;
    await revocation.learn('a', chain);
    expect(fetches()).toBe(2);
  });

  it('fails soft and counts, but never forgets what was revoked', async () => {
    const lists: Record<string, () => Uint8Array> = {};
    const { revocation, dropped, clock } = create(lists);
    await revocation.learn('a', chain);
    expect(revocation.counters.listsFailed).toBe(1);
    expect(revocation.refusal(HOST, chain, undefined, false)).toBeUndefined();
    lists[url] = () => revocationList(root, [serial]);
    clock.nowMs += 600_001;
    await revocation.learn('a', chain);
    expect(dropped).toEqual(['a']);
    delete lists[url];
    clock.nowMs += 2 * 86_400_000;
    await revocation.learn('a', chain);
    expect(revocation.refusal(HOST, chain, undefined, true)?.code).toBe('certificate-revoked');
  });

  it('closes a connection that is in use when its certificate turns out to be revoked', async () => {
    const bench = await createBench();
    const listServer = createServer((_request, response) => {
      setTimeout(() => response.end(revocationList(root, [serial])), 150);
    });
    const listPort = await bench.listen(listServer);
    const cert = pem(leafOf(root, `http://127.0.0.1:${listPort}/a.crl`));
    let requests = 0;
    const server = createTlsServer({ key: keyPem(keys), cert }, (socket) => {
      socket.on('error', () => {});
      onRequests(socket, () => (++requests === 1 ? ok('first') : undefined));
    });
    const target = local(await bench.listen(server));
    const logged: string[] = [];
    const outgoing = bench.outgoing({
      extraCertificates: [pem(root.cert)],
      log: (code) => logged.push(code),
    });
    expect((await fetchOnce(outgoing, target)).body).toBe('first');
    const hanging = fetchOnce(outgoing, target);
    expect((await hanging).error?.code).toBe('certificate-revoked');
    expect((await fetchOnce(outgoing, target)).error?.code).toBe('certificate-revoked');
    expect(requests).toBe(2);
    await until(() => logged.includes('certificate-revoked'));
    await bench.close();
  });
});

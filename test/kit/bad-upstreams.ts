/** Real TLS servers that no careful client may send a byte of its request to; each counts what it got. */
import { getDiffieHellman } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import {
  authority,
  type CertificateOptions,
  certificate,
  daysFromNow,
  type Extension,
  ecKey,
  extensions,
  type Issuer,
  integer,
  keyPem,
  newSerial,
  ocspAnswer,
  PURPOSE,
  pem,
  revocationList,
  rsaKey,
  seq,
} from './der-writer.ts';

const BAD_HOST = 'ai.example.test';

export interface BadUpstream {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly code: string;
  /** Ask `prefetchRevocation` first: known only from a list. */
  readonly listed: boolean;
}

export interface BadUpstreams {
  readonly rootPem: string;
  readonly untrustedRootPem: string;
  readonly bad: readonly BadUpstream[];
  /** The same server set-up with nothing wrong, to show that the others fail for their fault alone. */
  readonly good: readonly BadUpstream[];
  /** Bytes of decrypted (or plain) request that this one has received. */
  received(name: string): number;
  close(): void;
}

interface Spec {
  readonly name: string;
  readonly code?: string;
  readonly host?: string;
  readonly listed?: boolean;
  readonly key?: string;
  readonly chain?: readonly Buffer[];
  readonly tls?: TlsOptions;
  readonly staple?: Buffer;
  /** Answer the ClientHello with a TLS 1.2 ServerHello that chooses this suite. */
  readonly rawSuite?: number;
}

const leafExtensions = (...more: readonly Extension[]): readonly Extension[] => [
  extensions.basic(false),
  extensions.keyUsage(0x80),
  extensions.purposes(PURPOSE.server),
  ...more,
];
const named = (...more: readonly Extension[]): readonly Extension[] =>
  leafExtensions(extensions.san([BAD_HOST]), ...more);

export async function startBadUpstreams(): Promise<BadUpstreams> {
  const servers: Server[] = [];
  const received = new Map<string, number>();
  const lists = new Map<string, Buffer>();
  const listServer = createHttpServer((request, response) => {
    const list = lists.get(request.url ?? '');
    response.writeHead(list === undefined ? 404 : 200);
    response.end(list);
  });
  const listPort = await listen(listServer);
  servers.push(listServer);
  const specs = certificateCases(lists, `http://127.0.0.1:${listPort}`);
  const start = async (spec: Spec): Promise<BadUpstream> => {
    received.set(spec.name, 0);
    const count = (bytes: number): void => {
      received.set(spec.name, (received.get(spec.name) ?? 0) + bytes);
    };
    const server = spec.rawSuite === undefined ? tlsServer(spec, count) : rawServer(spec.rawSuite, count);
    servers.push(server);
    const { name, host = BAD_HOST, code = 'certificate-invalid', listed = false } = spec;
    return { name, host, code, listed, port: await listen(server) };
  };
  const sockets = new Set<Socket>();
  for (const server of servers) server.on('connection', (socket: Socket) => sockets.add(socket));
  return {
    rootPem: specs.rootPem,
    untrustedRootPem: specs.untrustedRootPem,
    bad: await Promise.all(specs.bad.map(start)),
    good: await Promise.all(specs.good.map(start)),
    received: (name) => received.get(name) ?? -1,
    close() {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function certificateCases(lists: Map<string, Buffer>, listUrl: string) {
  const root = authority({ subject: 'Root' });
  const stranger = authority({ subject: 'Stranger' });
  const oldRoot = authority({ subject: 'Old Root', notBefore: daysFromNow(-20), notAfter: daysFromNow(-1) });
  const middle = authority({ subject: 'Middle', issuer: root });
  const keys = ecKey();
  const key = keyPem(keys);
  const rsa = rsaKey(2048);
  const weakRsa = rsaKey(1024);

  const issue = (options: Partial<CertificateOptions> = {}): Buffer =>
    certificate({ subject: BAD_HOST, keys, issuer: root, extensions: named(), ...options });
  const leaf = (name: string, options: Partial<CertificateOptions>, more: Partial<Spec> = {}): Spec => ({
    name,
    key: keyPem(options.keys ?? keys),
    chain: [issue(options)],
    ...more,
  });
  const under = (name: string, issuer: Issuer, more: Partial<Spec> = {}): Spec => ({
    name,
    key,
    chain: [issue({ issuer }), issuer.cert],
    ...more,
  });
  const middleWith = (subject: string, options: Partial<CertificateOptions>): Issuer => {
    const own = options.keys ?? ecKey();
    const cert = certificate({
      subject,
      keys: own,
      issuer: root,
      extensions: [extensions.basic(true)],
      ...options,
    });
    return { keys: own, subject, cert };
  };
  const stapled = (
    name: string,
    answer: (serial: string) => Buffer,
    more: Partial<Spec> & { staple?: never } = {},
    promise = false,
  ): Spec => {
    const serial = newSerial();
    const chain = [issue({ serial, extensions: named(...(promise ? [extensions.mustStaple()] : [])) })];
    return { name, key, chain, staple: answer(serial), ...more };
  };
  const listedLeaf = (name: string, revoked: boolean): Spec => {
    const serial = newSerial();
    const path = `/${serial}.crl`;
    lists.set(path, revocationList(root, revoked ? [newSerial(), serial] : [newSerial()]));
    const chain = [issue({ serial, extensions: named(extensions.crlAt(`${listUrl}${path}`)) })];
    return { name, key, chain, listed: true, code: 'certificate-revoked' };
  };
  const listedMiddle = (): Spec => {
    const serial = newSerial();
    lists.set('/middle.crl', revocationList(root, [serial]));
    const issuer = middleWith('Revoked Middle', {
      serial,
      extensions: [
        extensions.basic(true),
        extensions.keyUsage(0x06),
        extensions.crlAt(`${listUrl}/middle.crl`),
      ],
    });
    return under('intermediate revoked by list', issuer, { listed: true, code: 'certificate-revoked' });
  };
  const inner = authority({
    subject: 'Too Deep',
    issuer: middleWith('Short', { keys: middle.keys, extensions: [extensions.basic(true, 0)] }),
  });
  const short = certificate({
    subject: 'Short',
    keys: middle.keys,
    issuer: root,
    extensions: [extensions.basic(true, 0)],
  });
  const delegate: Issuer = (() => {
    const own = ecKey();
    const cert = certificate({
      subject: 'Responder',
      keys: own,
      issuer: root,
      extensions: [extensions.purposes(PURPOSE.ocsp)],
    });
    return { keys: own, subject: 'Responder', cert };
  })();
  const rsaChain = [
    issue({
      keys: rsa,
      extensions: leafExtensions(extensions.san([BAD_HOST]), extensions.keyUsage(0xa0)).filter(
        (one, index, all) => one.oid !== '551d0f' || index === all.length - 1,
      ),
    }),
  ];
  const cipherCase = (name: string, tls: TlsOptions): Spec => ({
    name,
    key: keyPem(rsa),
    chain: rsaChain,
    tls: { maxVersion: 'TLSv1.2', ...tls },
    code: 'handshake-failed',
  });
  const prime = getDiffieHellman('modp2').getPrime('hex');
  const dh1024 = `-----BEGIN DH PARAMETERS-----\n${seq(integer(`00${prime}`), integer('02')).toString('base64')}\n-----END DH PARAMETERS-----\n`;
  const wildcard = (name: string, san: string, host = BAD_HOST): Spec =>
    leaf(name, { extensions: leafExtensions(extensions.san([san])) }, { host });

  const bad: Spec[] = [
    leaf('expired', { notBefore: daysFromNow(-20), notAfter: daysFromNow(-1) }),
    leaf('not yet valid', { notBefore: daysFromNow(2) }),
    leaf('wrong host', { extensions: leafExtensions(extensions.san(['other.example.test'])) }),
    { name: 'self-signed', key, chain: [certificate({ subject: BAD_HOST, keys, extensions: named() })] },
    { name: 'untrusted root', key, chain: [issue({ issuer: stranger }), stranger.cert] },
    { name: 'expired root', key, chain: [issue({ issuer: oldRoot }), oldRoot.cert] },
    { name: 'incomplete chain', key, chain: [issue({ issuer: middle })] },
    leaf('common name only', { extensions: leafExtensions() }),
    leaf('IP-only SAN', { extensions: leafExtensions(extensions.san([], ['127.0.0.1'])) }),
    leaf('RSA-1024', { keys: weakRsa }),
    leaf('signed with SHA-1', { hash: 'sha1' }),
    under('intermediate signed with SHA-1', middleWith('Sha1 Middle', { hash: 'sha1' })),
    {
      name: 'signed with MD5',
      key,
      chain: (() => {
        const issuer = middleWith('Rsa Middle', { keys: rsa });
        return [issue({ issuer, hash: 'md5' }), issuer.cert];
      })(),
    },
    under('RSA-1024 intermediate', middleWith('Weak Middle', { keys: weakRsa })),
    under(
      'expired intermediate',
      middleWith('Late Middle', { notBefore: daysFromNow(-9), notAfter: daysFromNow(-1) }),
    ),
    under('CA:FALSE intermediate', middleWith('Not A CA', { extensions: [extensions.basic(false)] })),
    under(
      'intermediate may not sign certificates',
      middleWith('No Sign', { extensions: [extensions.basic(true), extensions.keyUsage(0x80)] }),
    ),
    { name: 'path length exceeded', key, chain: [issue({ issuer: inner }), inner.cert, short] },
    under(
      'name constraint violated',
      middleWith('Narrow', {
        extensions: [extensions.basic(true), extensions.permittedNames('elsewhere.test')],
      }),
    ),
    leaf('for client authentication only', {
      extensions: [extensions.basic(false), extensions.purposes(PURPOSE.client), extensions.san([BAD_HOST])],
    }),
    leaf('key usage: certificate signing only', {
      extensions: [extensions.keyUsage(0x04), extensions.san([BAD_HOST])],
    }),
    leaf('key usage: key encipherment only', {
      keys: rsa,
      extensions: [extensions.keyUsage(0x20), extensions.san([BAD_HOST])],
    }),
    leaf('unknown critical extension', { extensions: named(extensions.unknownCritical()) }),
    wildcard('wildcard over a whole top-level domain', '*.test', 'example.test'),
    wildcard('wildcard for everything', '*'),
    wildcard('wildcard over two labels', '*.test'),
    wildcard('wildcard in the middle', 'ai.*.test'),
    wildcard('part wildcard', 'a*.example.test'),
    wildcard('NUL in the name', `${BAD_HOST}\0.evil.test`),
    wildcard('two names in one', `evil.test, DNS:${BAD_HOST}`),
    leaf('must staple, none sent', { extensions: named(extensions.mustStaple()) }),
    stapled(
      'must staple, signed by a stranger',
      (serial) => ocspAnswer(root, serial, { status: 'good', signer: stranger.keys }),
      {},
      true,
    ),
    stapled(
      'must staple, out of date',
      (serial) =>
        ocspAnswer(root, serial, {
          status: 'good',
          thisUpdate: daysFromNow(-9),
          nextUpdate: daysFromNow(-1),
        }),
      {},
      true,
    ),
    stapled(
      'must staple, about another certificate',
      () => ocspAnswer(root, newSerial(), { status: 'good' }),
      {},
      true,
    ),
    stapled('revoked by staple', (serial) => ocspAnswer(root, serial, { status: 'revoked' }), {
      code: 'certificate-revoked',
    }),
    stapled(
      'revoked by a delegate’s staple',
      (serial) => ocspAnswer(root, serial, { status: 'revoked', delegate }),
      { code: 'certificate-revoked' },
    ),
    listedLeaf('revoked by list', true),
    listedMiddle(),
    cipherCase('TLS 1.0 only', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }),
    cipherCase('TLS 1.1 only', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
    cipherCase('static RSA key exchange', { ciphers: 'AES128-GCM-SHA256' }),
    cipherCase('DH-1024', { ciphers: 'DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0', dhparam: dh1024 }),
    cipherCase('CBC only', { ciphers: 'ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES128-SHA' }),
    cipherCase('no encryption', { ciphers: 'NULL-SHA256:ECDHE-RSA-NULL-SHA:@SECLEVEL=0' }),
    cipherCase('no authentication', { ciphers: 'AECDH-AES128-SHA:ADH-AES128-GCM-SHA256:@SECLEVEL=0' }),
    { name: 'RC4', rawSuite: 0x0005, code: 'handshake-failed' },
    { name: '3DES', rawSuite: 0xc012, code: 'handshake-failed' },
    { name: 'export RC4', rawSuite: 0x0003, code: 'handshake-failed' },
  ];
  const good: Spec[] = [
    leaf('good', {}),
    under('good, with intermediate', middle),
    wildcard('good, wildcard', '*.example.test'),
    stapled('good, stapled', (serial) => ocspAnswer(root, serial, { status: 'good' }), {}, true),
    stapled(
      'good, stapled by a delegate',
      (serial) => ocspAnswer(root, serial, { status: 'good', delegate }),
      {},
      true,
    ),
    listedLeaf('good, listed', false),
    { ...cipherCase('good, TLS 1.2', { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }), code: '' },
  ];
  return { bad, good, rootPem: pem(root.cert) + pem(oldRoot.cert), untrustedRootPem: pem(stranger.cert) };
}

function tlsServer(spec: Spec, count: (bytes: number) => void): Server {
  const server = createServer({
    key: spec.key,
    cert: (spec.chain ?? []).map(pem).join(''),
    ciphers: 'DEFAULT:@SECLEVEL=0',
    ALPNProtocols: ['http/1.1'],
    ...spec.tls,
  });
  if (spec.staple !== undefined) {
    server.on(
      'OCSPRequest',
      (_certificate: Buffer, _issuer: Buffer, answer: (error: Error | null, bytes: Buffer) => void) => {
        answer(null, spec.staple ?? Buffer.alloc(0));
      },
    );
  }
  server.on('tlsClientError', () => {}); // The point of the exercise.
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      count(data.length);
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  return server;
}

/** No library still speaks these suites; a ServerHello is enough to see that the client stops there. */
function rawServer(suite: number, count: (bytes: number) => void): Server {
  return createTcpServer((socket) => {
    socket.on('error', () => {});
    let answered = false;
    socket.on('data', (data) => {
      if (data[0] !== 0x15 && (answered || data[0] !== 0x16)) count(data.length);
      if (answered) return;
      answered = true;
      const hello = Buffer.concat([
        Buffer.from([3, 3]),
        Buffer.alloc(32, 7),
        Buffer.from([0, suite >> 8, suite & 255, 0]),
      ]);
      const message = Buffer.concat([Buffer.from([2, 0, 0, hello.length]), hello]);
      socket.write(Buffer.concat([Buffer.from([0x16, 3, 3, 0, message.length]), message]));
    });
  });
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );
}

/** Writes DER by hand, so that tests can make certificates, CRLs and OCSP answers that no honest tool would. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export const der = (tag: number, ...parts: readonly (Buffer | string)[]): Buffer => {
  const content = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  );
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const size = Buffer.from(
    content.length.toString(16).padStart(content.length > 0xffff ? 6 : content.length > 0xff ? 4 : 2, '0'),
    'hex',
  );
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length]), size, content]);
};
export const seq = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
export const integer = (hex: string): Buffer => der(0x02, Buffer.from(hex, 'hex'));
const bits = (bytes: Buffer, unused = 0): Buffer => der(0x03, Buffer.from([unused]), bytes);
const boolean = Buffer.from([1, 1, 0xff]);
const generalized = (date: Date): Buffer => der(0x18, `${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`);
const utc = (date: Date): Buffer =>
  date.getUTCFullYear() < 2050
    ? der(
        0x17,
        `${date
          .toISOString()
          .replace(/[-:T]|\.\d+/g, '')
          .slice(2)}`,
      )
    : generalized(date);
const name = (commonName: string): Buffer => seq(der(0x31, seq(oid('550403'), der(0x0c, commonName))));

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}
export const ecKey = (): KeyPair => generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const rsaKey = (bits_: number): KeyPair => generateKeyPairSync('rsa', { modulusLength: bits_ });

const RSA_OIDS: Record<string, string> = {
  md5: '2a864886f70d010104',
  sha1: '2a864886f70d010105',
  sha256: '2a864886f70d01010b',
};
const EC_OIDS: Record<string, string> = { sha1: '2a8648ce3d0401', sha256: '2a8648ce3d040302' };

const algorithm = (key: KeyObject, hash: string): Buffer =>
  key.asymmetricKeyType === 'rsa'
    ? seq(oid(RSA_OIDS[hash] ?? ''), Buffer.from([5, 0]))
    : seq(oid(EC_OIDS[hash] ?? ''));

const signed = (tbs: Buffer, key: KeyObject, hash: string, ...more: readonly Buffer[]): Buffer =>
  seq(tbs, algorithm(key, hash), bits(sign(hash, tbs, key)), ...more);

export interface Extension {
  readonly oid: string;
  readonly critical?: boolean;
  readonly value: Buffer;
}

const extension = (one: Extension): Buffer =>
  seq(oid(one.oid), ...(one.critical ? [boolean] : []), der(0x04, one.value));

export const extensions = {
  san: (names: readonly string[], addresses: readonly string[] = []): Extension => ({
    oid: '551d11',
    value: seq(
      ...names.map((one) => der(0x82, one)),
      ...addresses.map((one) => der(0x87, Buffer.from(one.split('.').map(Number)))),
    ),
  }),
  basic: (ca: boolean, pathLength?: number): Extension => ({
    oid: '551d13',
    critical: true,
    value: seq(
      ...(ca ? [boolean] : []),
      ...(pathLength === undefined ? [] : [integer(pathLength.toString(16).padStart(2, '0'))]),
    ),
  }),
  /** `firstOctet`: 0x80 digitalSignature, 0x20 keyEncipherment, 0x06 keyCertSign and cRLSign. */
  keyUsage: (firstOctet: number): Extension => ({
    oid: '551d0f',
    critical: true,
    value: bits(Buffer.from([firstOctet]), 1),
  }),
  purposes: (...hexes: readonly string[]): Extension => ({ oid: '551d25', value: seq(...hexes.map(oid)) }),
  permittedNames: (...suffixes: readonly string[]): Extension => ({
    oid: '551d1e',
    critical: true,
    value: seq(der(0xa0, ...suffixes.map((one) => seq(der(0x82, one))))),
  }),
  crlAt: (url: string): Extension => ({
    oid: '551d1f',
    value: seq(seq(der(0xa0, der(0xa0, der(0x86, url))))),
  }),
  mustStaple: (): Extension => ({ oid: '2b06010505070118', value: seq(integer('05')) }),
  unknownCritical: (): Extension => ({ oid: '2b0601040182370d', critical: true, value: seq() }),
};
export const PURPOSE = { server: '2b06010505070301', client: '2b06010505070302', ocsp: '2b06010505070309' };

export interface Issuer {
  readonly keys: KeyPair;
  readonly subject: string;
  readonly cert: Buffer;
}

export interface CertificateOptions {
  readonly subject: string;
  readonly keys: KeyPair;
  /** Absent: self-signed. */
  readonly issuer?: Issuer;
  readonly hash?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly extensions: readonly Extension[];
  readonly serial?: string;
}

const DAY_MS = 86_400_000;
export const daysFromNow = (days: number): Date => new Date(Date.now() + days * DAY_MS);
export const newSerial = (): string => `40${randomBytes(11).toString('hex')}`;

export function certificate(options: CertificateOptions): Buffer {
  const {
    subject,
    keys,
    issuer,
    hash = 'sha256',
    notBefore = daysFromNow(-2),
    notAfter = daysFromNow(30),
  } = options;
  const signer = issuer?.keys.privateKey ?? keys.privateKey;
  const tbs = seq(
    der(0xa0, integer('02')),
    integer(options.serial ?? newSerial()),
    algorithm(signer, hash),
    name(issuer?.subject ?? subject),
    seq(utc(notBefore), utc(notAfter)),
    name(subject),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, seq(...options.extensions.map(extension))),
  );
  return signed(tbs, signer, hash);
}

export function authority(options: Partial<CertificateOptions> & { subject: string }): Issuer {
  const keys = options.keys ?? ecKey();
  const own = options.extensions ?? [];
  const cert = certificate({
    ...options,
    keys,
    extensions: [extensions.basic(true), extensions.keyUsage(0x06), ...own],
  });
  return { keys, subject: options.subject, cert };
}

export const pem = (cert: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${(cert.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;
export const keyPem = (keys: KeyPair): string =>
  keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

export interface ListOptions {
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date;
  readonly extensions?: readonly Extension[];
  readonly signer?: KeyPair;
}

export function revocationList(
  issuer: Issuer,
  serials: readonly string[],
  options: ListOptions = {},
): Buffer {
  const { thisUpdate = daysFromNow(-1), nextUpdate = daysFromNow(5) } = options;
  const key = (options.signer ?? issuer.keys).privateKey;
  const tbs = seq(
    integer('01'),
    algorithm(key, 'sha256'),
    name(issuer.subject),
    utc(thisUpdate),
    utc(nextUpdate),
    ...(serials.length === 0
      ? []
      : [seq(...serials.map((serial) => seq(integer(serial), utc(daysFromNow(-1)))))]),
    ...(options.extensions === undefined ? [] : [der(0xa0, seq(...options.extensions.map(extension)))]),
  );
  return signed(tbs, key, 'sha256');
}

export interface OcspOptions extends ListOptions {
  readonly status: 'good' | 'revoked' | 'unknown';
  /** A certificate to send along, for an answer signed by a delegate. */
  readonly delegate?: Issuer;
}

export function ocspAnswer(issuer: Issuer, serial: string, options: OcspOptions): Buffer {
  const { thisUpdate = daysFromNow(-1), nextUpdate = daysFromNow(5) } = options;
  const sha1 = (bytes: Buffer): Buffer => createHash('sha1').update(bytes).digest();
  const spki = issuer.keys.publicKey.export({ type: 'spki', format: 'der' });
  // subjectPublicKey's octets: what follows the BIT STRING's tag, length and unused-bits octet.
  const publicKey = issuer.keys.publicKey.asymmetricKeyType === 'ec' ? spki.subarray(-65) : spki.subarray(24);
  const id = seq(
    seq(oid('2b0e03021a'), Buffer.from([5, 0])),
    der(0x04, sha1(name(issuer.subject))),
    der(0x04, sha1(publicKey)),
    integer(serial),
  );
  const status = { good: der(0x80), revoked: der(0xa1, generalized(daysFromNow(-1))), unknown: der(0x82) }[
    options.status
  ];
  const data = seq(
    der(0xa2, der(0x04, sha1(publicKey))),
    generalized(thisUpdate),
    seq(seq(id, status, generalized(thisUpdate), der(0xa0, generalized(nextUpdate)))),
  );
  const signer = (options.delegate?.keys ?? options.signer ?? issuer.keys).privateKey;
  const certs = options.delegate === undefined ? [] : [der(0xa0, seq(options.delegate.cert))];
  const basic = signed(data, signer, 'sha256', ...certs);
  return seq(der(0x0a, Buffer.from([0])), der(0xa0, seq(oid('2b0601050507300101'), der(0x04, basic))));
}

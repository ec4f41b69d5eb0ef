/**
 * A PKCS #12 file (RFC 7292) that holds trusted certificates only, without password, encryption or MAC, as the JDK
 * reads it since 18 and in the updates 8u301, 11.0.12 and 17.0 (JDK-8076190). A few DER rules are all it takes.
 */

const der = (tag: number, ...contents: readonly Uint8Array[]): Uint8Array => {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from([tag]), encodeLength(length), ...contents]);
};

/** X.690 8.1.3: short form below 128, else the number of length bytes, then the length. */
function encodeLength(length: number): Uint8Array {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

function objectId(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc & 0x7f];
    for (let value = Math.floor(arc / 128); value > 0; value = Math.floor(value / 128))
      groups.unshift((value & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

const sequence = (...parts: readonly Uint8Array[]): Uint8Array => der(0x30, ...parts);
const set = (...parts: readonly Uint8Array[]): Uint8Array => der(0x31, ...parts);
const octets = (bytes: Uint8Array): Uint8Array => der(0x04, bytes);
const explicit = (...parts: readonly Uint8Array[]): Uint8Array => der(0xa0, ...parts);
const bmpString = (text: string): Uint8Array => der(0x1e, Buffer.from(text, 'utf16le').swap16());

const DATA = objectId('1.2.840.113549.1.7.1');
const CERT_BAG = objectId('1.2.840.113549.1.12.10.1.3');
const X509_CERTIFICATE = objectId('1.2.840.113549.1.9.22.1');
const FRIENDLY_NAME = objectId('1.2.840.113549.1.9.20');
/** Oracle's mark of a trusted certificate, with "any extended key usage": without it the JDK ignores the entry. */
const TRUSTED_KEY_USAGE = objectId('2.16.840.1.113894.746875.1.1');
const ANY_KEY_USAGE = objectId('2.5.29.37.0');
const VERSION_3 = der(0x02, Buffer.from([3]));

const contentInfo = (content: Uint8Array): Uint8Array => sequence(DATA, explicit(octets(content)));

/** `certificates` in DER. */
export function encodeJavaTrustStore(certificates: readonly Uint8Array[]): Uint8Array {
  const bags = certificates.map((certificate, index) =>
    sequence(
      CERT_BAG,
      explicit(sequence(X509_CERTIFICATE, explicit(octets(certificate)))),
      set(
        sequence(FRIENDLY_NAME, set(bmpString(`postern-${index}`))),
        sequence(TRUSTED_KEY_USAGE, set(ANY_KEY_USAGE)),
      ),
    ),
  );
  return sequence(VERSION_3, contentInfo(sequence(contentInfo(sequence(...bags)))));
}

/** Private keys, in the text forms that programs write. */
import type { Rule } from '../../engine/rule.ts';
import { LEFT, secret, token } from '../builders.ts';
import { decodeBase64 } from '../checks.ts';

const RFC7468 = 'https://www.rfc-editor.org/rfc/rfc7468';
/** Line ends as they are, escaped inside a string, or with the quotes and commas of source code around them. */
const LINE_END = '(?:\\s|\\\\{1,3}[nrt]|\\\\|["\',+]){0,32}';
/** `Name: value` lines; a value ends where its line ends, so that no two parts can share a character. */
const HEADERS =
  '(?:[A-Za-z][A-Za-z-]{1,30}: [^\\r\\n\\\\]{0,160}(?:[\\r\\n]|\\\\[nr]){1,6}[ \\t]{0,16}){0,6}';
const BODY = '[A-Za-z0-9+/=][A-Za-z0-9+/=\\s\\\\"\',]{60,16000}';

/** Every line with something before it: a log's time, a comment's star, a diff's plus. Ends at the next armour line. */
const NO_ARMOUR = '(?:[^-]|-(?!----))';
const DECORATED = `${NO_ARMOUR}{0,120}?[A-Za-z0-9+/]{40}${NO_ARMOUR}{40,16000}-----END [A-Z0-9 ]{3,40}-----`;

/** From the BEGIN line to the END line; without the latter (a key cut off) to the last base64 character. */
const armoured = (label: string): string =>
  `-----BEGIN ${label}-----(?:${LINE_END}${HEADERS}[A-Za-z0-9+/]{24}${BODY}(?:-----END [A-Z0-9 ]{3,40}-----)?|${DECORATED})`;

const isKeyText = (value: string): boolean => {
  const body = value.replaceAll(/-----[A-Z0-9 ]{3,60}-----|\\[nrt]|[^A-Za-z0-9+/]/g, '');
  return new Set(body).size >= 24;
};

/** The first bytes (DER) of RFC 8017's and RFC 5208's private keys, and of RFC 5915's on the usual curves, in base64. */
const DER_START =
  '(?:MII[A-Za-z0-9+/]{2}[AQgw]IBA(?:A[JK]|D)|MHcCAQEEI|MIGkAgEBBD|MIGHAgEAMBMGByqGSM49|MC4CAQAwBQYDK2Vw)';

const armouredKey = (
  id: string,
  label: string,
  header: string,
  severity: 'critical' | 'medium',
  source = RFC7468,
): Rule =>
  secret({
    id,
    label,
    source,
    severity,
    keywords: [`-----BEGIN ${header}`],
    pattern: armoured(header),
    proof: isKeyText,
    judge: () => undefined,
  });

export const privateKeys: readonly Rule[] = [
  armouredKey('private-key', 'Private key', 'PRIVATE KEY', 'critical'),
  armouredKey('private-key-encrypted', 'Private key (encrypted)', 'ENCRYPTED PRIVATE KEY', 'medium'),
  armouredKey(
    'rsa-private-key',
    'RSA private key',
    'RSA PRIVATE KEY',
    'critical',
    'https://www.rfc-editor.org/rfc/rfc8017',
  ),
  armouredKey(
    'ec-private-key',
    'EC private key',
    'EC PRIVATE KEY',
    'critical',
    'https://www.rfc-editor.org/rfc/rfc5915',
  ),
  armouredKey(
    'dsa-private-key',
    'DSA private key',
    'DSA PRIVATE KEY',
    'critical',
    'https://docs.openssl.org/master/man1/openssl-dsa/',
  ),
  armouredKey(
    'openssh-private-key',
    'SSH private key',
    'OPENSSH PRIVATE KEY',
    'critical',
    'https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key',
  ),
  armouredKey(
    'pgp-private-key',
    'PGP private key',
    'PGP PRIVATE KEY BLOCK',
    'critical',
    'https://www.rfc-editor.org/rfc/rfc9580#name-forming-ascii-armor',
  ),
  secret({
    id: 'private-key-base64',
    label: 'Private key (base64)',
    source: RFC7468,
    severity: 'critical',
    keywords: ['LS0tLS1CRUdJTi'],
    pattern: `${LEFT}LS0tLS1CRUdJTi[A-Za-z0-9+/]{80,16000}={0,2}`,
    proof: (value) => /PRIVATE KEY(?: BLOCK)?-----/.test(decodeBase64(value.slice(0, 80)) ?? ''),
    judge: () => undefined,
  }),
  secret({
    id: 'private-key-der',
    label: 'Private key (base64)',
    source: 'https://www.rfc-editor.org/rfc/rfc5208',
    severity: 'critical',
    keywords: ['MII', 'MHcCAQEE', 'MIGkAgEB', 'MIGHAgEA', 'MC4CAQAw'],
    pattern: `${LEFT}${DER_START}(?:[A-Za-z0-9+/]|[\\r\\n]|\\\\[nr] {0,8}){40,16000}={0,2}`,
    specificity: 99,
    proof: isKeyText,
    judge: () => undefined,
  }),
  secret({
    id: 'jwk-symmetric-key',
    label: 'Symmetric key (JWK)',
    source: 'https://www.rfc-editor.org/rfc/rfc7517',
    severity: 'critical',
    keywords: ['"oct"', '\\"oct\\"'],
    pattern: '\\\\?"oct\\\\?"[^{}]{1,200}?"k\\\\?"\\s{0,4}:\\s{0,4}\\\\?"([A-Za-z0-9_-]{22,700})\\\\?"',
  }),
  secret({
    id: 'putty-private-key',
    label: 'PuTTY private key',
    source: 'https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html',
    severity: 'critical',
    keywords: ['PuTTY-User-Key-File-'],
    pattern: `${LEFT}PuTTY-User-Key-File-[23]: [a-z0-9-]{4,40}${LINE_END}(?:[A-Za-z][A-Za-z0-9-]{1,30}: [^\\r\\n\\\\]{0,160}(?:[\\r\\n]|\\\\[nr]){1,6}[ \\t]{0,16}){0,4}[A-Za-z0-9+/=\\s\\\\]{40,8000}(?:(?:[A-Za-z][A-Za-z0-9-]{1,30}: [^\\r\\n\\\\]{0,160}(?:[\\r\\n]|\\\\[nr]){1,6}[ \\t]{0,16}){0,6}[A-Za-z0-9+/=\\s\\\\]{40,8000})?(?:Private-MAC: [0-9a-f]{40,64})?`,
    proof: isKeyText,
    judge: () => undefined,
  }),
  secret({
    id: 'jwk-private-key',
    label: 'Private key (JWK)',
    source: 'https://www.rfc-editor.org/rfc/rfc7517',
    severity: 'critical',
    keywords: ['"d":', '"d" :', '\\"d\\":'],
    pattern: '\\\\?"d\\\\?" ?:[ \\n]{0,2}\\\\?"([A-Za-z0-9_-]{43,700})\\\\?"',
    minEntropy: 4,
  }),
  token(
    'age-secret-key',
    'age secret key',
    'https://github.com/FiloSottile/age#readme',
    'AGE-SECRET-KEY-1',
    'A-Z0-9',
    58,
    { severity: 'critical' },
  ),
  secret({
    id: 'wireguard-private-key',
    label: 'WireGuard private key',
    source: 'https://www.wireguard.com/quickstart/',
    severity: 'critical',
    keywords: ['PrivateKey'],
    pattern: `${LEFT}PrivateKey {0,3}= {0,3}([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)`,
    minEntropy: 4,
  }),
];

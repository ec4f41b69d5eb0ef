/** A new root and issuing intermediate for one device. The root's key exists only while this function runs. */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import {
  authorityExtensions,
  distinguishedName,
  type Issuer,
  issueCertificate,
  keyIdentifierOf,
  serverAuthOnly,
  subjectPublicKeyInfo,
  toPem,
} from './issue.ts';
import { encodeNameConstraints } from './name-constraints.ts';

const DAY_MS = 86_400_000;
/** One life for both: without the root's key nothing can sign a second intermediate. */
const AUTHORITY_DAYS = 730;
/** Other computers' clocks, and this one's before its first synchronisation. */
const BACKDATED_DAYS = 2;
const NAME_LIMIT = 64;

export interface NewAuthority {
  readonly rootPem: string;
  readonly intermediatePem: string;
  readonly intermediateKeyPem: string;
}

export interface NewAuthorityOptions {
  readonly permittedDomains: readonly string[];
  readonly deviceName: string;
  readonly nowMs: number;
}

/** Both name-constrained: most clients enforce a root's constraints, Java only an intermediate's. */
export function createAuthority({ permittedDomains, deviceName, nowMs }: NewAuthorityOptions): NewAuthority {
  const constraints = encodeNameConstraints(permittedDomains);
  const dates = {
    notBeforeMs: nowMs - BACKDATED_DAYS * DAY_MS,
    notAfterMs: nowMs + AUTHORITY_DAYS * DAY_MS,
  };
  const rootKey = newKey();
  const intermediateKey = newKey();
  // Two roots of one device must not share a name: clients look issuers up by it.
  const mark = randomBytes(4).toString('hex');
  const root = issuerFor(rootKey, commonName('Postern root', deviceName, mark));
  const intermediate = issuerFor(intermediateKey, commonName('Postern issuer', deviceName, mark));
  const rootDer = issueCertificate(root, {
    ...dates,
    subject: root.name,
    publicKey: subjectPublicKeyInfo(rootKey),
    extensions: authorityExtensions(1, constraints),
  });
  const intermediateDer = issueCertificate(root, {
    ...dates,
    subject: intermediate.name,
    publicKey: subjectPublicKeyInfo(intermediateKey),
    extensions: [...authorityExtensions(0, constraints), serverAuthOnly],
  });
  return {
    rootPem: toPem(rootDer),
    intermediatePem: toPem(intermediateDer),
    intermediateKeyPem: intermediateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

function issuerFor(privateKey: KeyObject, name: string): Issuer {
  const keyIdentifier = keyIdentifierOf(subjectPublicKeyInfo(privateKey));
  return { name: distinguishedName('Postern', name), keyIdentifier, privateKey };
}

/** At most 64 characters (RFC 5280 appendix A, ub-common-name). */
function commonName(role: string, deviceName: string, mark: string): string {
  const room = NAME_LIMIT - role.length - mark.length - 2;
  const device = [...deviceName.replace(/[^\p{L}\p{N} ._-]/gu, '')].slice(0, room).join('').trim();
  return [role, device, mark].filter((part) => part !== '').join(' ');
}

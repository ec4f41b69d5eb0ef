import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { type AuthorityFields, readAuthority } from './authority-fields.ts';
import { CertificateError } from './errors.ts';
import { type Issuer, isUsableKey } from './issue.ts';
import { decodeNameConstraints } from './name-constraints.ts';

/** What signs the leaves, checked: its chain, its key, its constraints and its dates. */
export interface SigningAuthority {
  readonly issuer: Issuer;
  readonly rootPem: string;
  /** What goes out after the leaf: the intermediate, then any authorities between it and the root. */
  readonly chainPem: string;
  readonly permittedDomains: readonly string[];
  readonly notBeforeMs: number;
  /** The earliest end in the whole chain. */
  readonly notAfterMs: number;
}

export interface AuthorityFiles {
  readonly root: { readonly file: string; readonly pem: string };
  readonly intermediate: { readonly file: string; readonly pem: string };
  readonly key: { readonly file: string; readonly pem: string };
  /** What to do when they are wrong. */
  readonly mend: string;
}

/** Everything that must be true before this key may sign; throws CertificateError. */
export function checkAuthority(files: AuthorityFiles, nowMs: number): SigningAuthority {
  const root = readCertificates(files.root, files.mend)[0];
  const chain = readCertificates(files.intermediate, files.mend);
  const intermediate = chain[0];
  if (root === undefined || intermediate === undefined) throw corrupt(files.intermediate.file, files.mend);
  const privateKey = readKey(files.key, files.mend);
  checkChain([...chain, root], files);
  if (!intermediate.certificate.checkPrivateKey(privateKey)) {
    throw new CertificateError(
      'mismatch',
      `${files.key.file} is not the key of ${files.intermediate.file}.`,
      {
        file: files.key.file,
        mend: files.mend,
      },
    );
  }
  const permittedDomains = constrainedDomains(intermediate, files);
  const dates = [...chain, root].map(({ certificate }) => ({
    fromMs: certificate.validFromDate.getTime(),
    untilMs: certificate.validToDate.getTime(),
  }));
  const authority = {
    issuer: { name: intermediate.name, keyIdentifier: intermediate.keyIdentifier, privateKey },
    rootPem: root.certificate.toString(),
    chainPem: chain.map(({ certificate }) => certificate.toString()).join(''),
    permittedDomains,
    notBeforeMs: Math.max(...dates.map(({ fromMs }) => fromMs)),
    notAfterMs: Math.min(...dates.map(({ untilMs }) => untilMs)),
  };
  checkDates(authority, files, nowMs);
  return authority;
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

function readCertificates(from: { file: string; pem: string }, mend: string): readonly AuthorityFields[] {
  const found: AuthorityFields[] = [];
  for (const [block] of from.pem.matchAll(PEM_BLOCK)) {
    let fields: AuthorityFields | undefined;
    try {
      fields = readAuthority(block);
    } catch (error) {
      throw corrupt(from.file, mend, error);
    }
    if (fields === undefined) throw corrupt(from.file, mend);
    found.push(fields);
  }
  if (found.length === 0) throw corrupt(from.file, mend);
  return found;
}

function readKey(from: { file: string; pem: string }, mend: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(from.pem);
  } catch (error) {
    throw corrupt(from.file, mend, error);
  }
  if (isUsableKey(key)) return key;
  throw new CertificateError('corrupt-file', `${from.file} is a key of a kind that can't be used.`, {
    file: from.file,
    mend: 'Use ECDSA on P-256 or P-384, or RSA of at least 2048 bits.',
  });
}

/** Each signed by the next, the last by itself, all of them authorities. */
function checkChain(chain: readonly AuthorityFields[], files: AuthorityFiles): void {
  for (const [index, { certificate, maySignCertificates }] of chain.entries()) {
    const file = index === chain.length - 1 ? files.root.file : files.intermediate.file;
    if (!maySignCertificates) {
      throw new CertificateError(
        'not-an-authority',
        `${file} holds a certificate that may not sign others.`,
        {
          file,
          mend: files.mend,
        },
      );
    }
    const issuer: X509Certificate = chain[index + 1]?.certificate ?? certificate;
    if (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)) continue;
    throw new CertificateError('mismatch', `${file} is not signed by the authority that should have.`, {
      file,
      mend: files.mend,
    });
  }
}

/** Constraints count on the intermediate: Java ignores those on a root. */
function constrainedDomains(intermediate: AuthorityFields, files: AuthorityFiles): readonly string[] {
  const { nameConstraints } = intermediate;
  const constraints = nameConstraints && decodeNameConstraints(nameConstraints);
  if (
    constraints?.excludesEveryAddress === true &&
    constraints.permittedDomains.length > 0 &&
    !constraints.permittedDomains.includes('')
  ) {
    return constraints.permittedDomains;
  }
  throw new CertificateError(
    'unconstrained',
    `${files.intermediate.file} could speak for any site: it lacks critical name constraints.`,
    {
      file: files.intermediate.file,
      mend: 'Issue it with critical nameConstraints: permitted DNS names of the AI services, excluded IP 0.0.0.0/0 and ::/0.',
    },
  );
}

function checkDates(
  authority: Pick<SigningAuthority, 'notBeforeMs' | 'notAfterMs'>,
  files: AuthorityFiles,
  nowMs: number,
): void {
  const file = files.intermediate.file;
  if (nowMs >= authority.notAfterMs) {
    const day = new Date(authority.notAfterMs).toISOString().slice(0, 10);
    throw new CertificateError('expired', `The device's authority ended on ${day} (${file}).`, {
      file,
      mend: files.mend,
    });
  }
  if (nowMs < authority.notBeforeMs) {
    const day = new Date(authority.notBeforeMs).toISOString().slice(0, 10);
    throw new CertificateError('not-yet-valid', `The device's authority begins on ${day} (${file}).`, {
      file,
      mend: "Check the computer's clock.",
    });
  }
}

const corrupt = (file: string, mend: string, cause?: unknown): CertificateError =>
  new CertificateError('corrupt-file', `${file} is not what it should be, or damaged.`, {
    file,
    mend,
    cause,
  });

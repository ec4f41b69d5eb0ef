export type CertificateErrorCode =
  | 'missing-file'
  | 'corrupt-file'
  /** The files don't belong together: key and certificate, or certificate and issuer. */
  | 'mismatch'
  /** A link, a file of another user, or something that isn't a plain file. */
  | 'unsafe-file'
  /** Others may read the key. */
  | 'key-exposed'
  | 'write-failed'
  | 'expired'
  | 'not-yet-valid'
  /** Not a certificate that may sign others. */
  | 'not-an-authority'
  /** It could speak for names outside the AI domains. */
  | 'unconstrained'
  | 'no-domains'
  | 'not-covered';

/** Every failure of this room: one sentence, the file it is about, and how to mend it. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: CertificateErrorCode;
  readonly file: string | undefined;
  readonly mend: string;
  constructor(
    code: CertificateErrorCode,
    message: string,
    details: { readonly file?: string; readonly mend: string; readonly cause?: unknown },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.file = details.file;
    this.mend = details.mend;
  }
}

export type BundleErrorCode =
  | 'bad-name'
  | 'no-repository'
  | 'repository-exists'
  | 'missing-signatures'
  | 'unknown-key'
  | 'unknown-role'
  | 'last-key'
  | 'bad-metadata';

/** Why a repository can't be made or changed as asked; `mend` says what to do. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly code: BundleErrorCode;
  readonly mend: string | undefined;
  constructor(code: BundleErrorCode, message: string, mend?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.mend = mend;
  }
}

export type PlatformErrorCode =
  | 'home-not-writable'
  | 'home-not-a-directory'
  | 'home-not-yours'
  | 'file-not-private'
  | 'already-running'
  | 'command-not-found'
  | 'command-not-executable'
  | 'start-failed';

/** What went wrong with the machine, in a sentence, and how to mend it. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly code: PlatformErrorCode;
  readonly mend: string | undefined;
  constructor(code: PlatformErrorCode, message: string, mend?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.mend = mend;
  }
}

export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

import { OutgoingError, type OutgoingErrorCode } from '../ports.ts';

/** Node's string `code` of an error (`ECONNREFUSED`, `CERT_HAS_EXPIRED`, `UND_ERR_SOCKET` …), if it has one. */
export function nodeCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function outgoingError(code: OutgoingErrorCode, message: string, cause?: unknown): OutgoingError {
  return new OutgoingError(code, message, cause === undefined ? undefined : { cause });
}

export const aborted = (cause?: unknown): OutgoingError =>
  outgoingError('aborted', 'The call was given up on our side.', cause);

/** What a failed TCP connection attempt means. */
export function connectError(where: string, error: unknown): OutgoingError {
  if (error instanceof OutgoingError) return error;
  const code = nodeCode(error) ?? 'unknown error';
  const kind = code === 'ETIMEDOUT' ? 'connect-timeout' : 'connect-refused';
  return outgoingError(kind, `No connection to ${where} (${code}).`, error);
}

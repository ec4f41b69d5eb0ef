import type { WireErrorCode } from './contract.ts';

/** Codes of the wire, and those that only a client sees. */
export type LocalApiErrorCode = WireErrorCode | 'not-running' | 'timeout' | 'bad-answer' | 'socket-in-use';

export class LocalApiError extends Error {
  override readonly name = 'LocalApiError';
  readonly code: LocalApiErrorCode;
  constructor(code: LocalApiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type InterceptErrorCode =
  | 'port-in-use'
  | 'port-forbidden'
  | 'address-unavailable'
  | 'host-not-loopback'
  | 'listen-failed'
  | 'pac-pattern';

/** Failures of the listener itself. What a single client does wrong is answered on its connection instead. */
export class InterceptError extends Error {
  override readonly name = 'InterceptError';
  readonly code: InterceptErrorCode;
  constructor(code: InterceptErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

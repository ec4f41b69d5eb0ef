import type { Problem } from '../../core/problem.ts';

export type IdentityErrorCode =
  /** The network between us and the provider. */
  | 'provider-unreachable'
  | 'proxy-credentials'
  | 'provider-certificate'
  | 'captive-portal'
  /** The provider answers, but not as one. */
  | 'provider-failed'
  | 'discovery-failed'
  | 'clock-wrong'
  /** One sign-in. */
  | 'sign-in-refused'
  | 'sign-in-expired'
  | 'sign-in-cancelled'
  | 'sign-in-mismatch'
  | 'device-flow-unsupported'
  /** What was signed in is not any more. */
  | 'session-ended'
  | 'client-refused'
  /** A virtual key. */
  | 'key-refused'
  /** The organisation's own server. */
  | 'enrolment-refused'
  | 'enrolment-failed';

/** What went wrong with signing in, in a sentence that a person understands, and how to mend it. */
export class IdentityError extends Error implements Problem {
  override readonly name = 'IdentityError';
  readonly code: IdentityErrorCode;
  readonly mend: string | undefined;
  constructor(code: IdentityErrorCode, message: string, mend?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.mend = mend;
  }

  get text(): string {
    return this.message;
  }

  /** Worth another try later, without the person. */
  get isPassing(): boolean {
    return PASSING.has(this.code);
  }
}

const PASSING: ReadonlySet<IdentityErrorCode> = new Set([
  'provider-unreachable',
  'proxy-credentials',
  'provider-certificate',
  'captive-portal',
  'provider-failed',
  'discovery-failed',
  'clock-wrong',
  'client-refused',
]);

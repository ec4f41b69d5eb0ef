/** A text that can't be judged. The guardrail's `onFailure` decides then: what isn't known to be harmless isn't passed as such. */
export class GuardError extends Error {
  readonly code: 'too-many-matches' | 'too-much-work';

  constructor(code: GuardError['code'], message: string) {
    super(message);
    this.name = 'GuardError';
    this.code = code;
  }
}

/** In one text: more would only fill memory, and nobody could read a report of them. */
export const MAX_MATCHES = 10_000;

export const tooManyMatches = (): GuardError =>
  new GuardError('too-many-matches', `more than ${MAX_MATCHES} matches in one text`);

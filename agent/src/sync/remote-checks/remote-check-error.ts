import { DetectorError } from '../../core/finding.ts';

export type RemoteFailure =
  | 'timeout'
  | 'unreachable'
  | 'refused'
  | 'bad-answer'
  | 'answer-too-large'
  | 'credentials'
  | 'too-much-text'
  | 'service-down'
  | 'busy';

/** In words that go after "its detector". Neither what was asked nor what was answered is quoted. */
const WORDS: Readonly<Record<RemoteFailure, string>> = {
  timeout: 'got no answer from its service in time',
  unreachable: "can't reach its service",
  refused: 'was turned away by its service',
  'bad-answer': "can't understand its service's answer",
  'answer-too-large': 'got an answer without end from its service',
  credentials: "can't read the credential for its service",
  'too-much-text': 'may not send as much text as this to its service',
  'service-down': 'waits until its service can be reached again',
  busy: 'has too many questions waiting for its service',
};

export class RemoteCheckError extends DetectorError {
  declare readonly code: RemoteFailure;
  constructor(code: RemoteFailure, options?: ErrorOptions) {
    super(code, WORDS[code], options);
  }
}

export const asRemoteError = (error: unknown): RemoteCheckError =>
  error instanceof RemoteCheckError ? error : new RemoteCheckError('unreachable', { cause: error });

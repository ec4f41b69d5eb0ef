/** A question that got no answer: the local API's code and words, or the bridge's. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

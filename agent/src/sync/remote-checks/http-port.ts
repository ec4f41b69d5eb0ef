/** How a remote check reaches its service; main joins it to the way that everything else leaves the device. */
export type SendHttp = (request: CheckRequest) => Promise<CheckReply>;

export interface CheckRequest {
  readonly url: URL;
  /** POST, always. Names in lower case; `host` and `content-length` are the sender's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  /** A longer reply is cut off: reject with `ReplyTooLarge`. */
  readonly maxReplyBytes: number;
}

export interface CheckReply {
  readonly status: number;
  readonly body: string;
}

export class ReplyTooLarge extends Error {
  override readonly name = 'ReplyTooLarge';
}

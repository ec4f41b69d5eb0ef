import type { Authority, Connection, RawHeaders } from './connection.ts';
import type { ProcessIdentity } from './process.ts';

/**
 * The port between the byte edge (`intercept/`) and the journey: the edge asks a `Governor` and carries out
 * what it is told; the governor never sees a socket.
 */
export interface Governor {
  /**
   * What to do with a connection to this name. Asked for the CONNECT target before any byte is answered, and
   * again for the SNI of a tunnel whose target is an IP address. Constant-time: it is on every connection's path.
   * Without a `client`, it may answer that the client must be looked up first; with one, it has to decide.
   */
  routeConnection(target: Authority, client?: Client): ConnectionRoute;
  /** Called once per request head (decrypted, or plain absolute-form HTTP to a listed host). */
  openFlow(head: RequestHead, connection: Connection): Flow;
  /** The client refused our certificate or broke off during the handshake (pinning). */
  handshakeFailed(target: Authority, cause: string, process?: ProcessIdentity): void;
  /**
   * A connection to this name, or a plain request, goes through unread. `who` looks up the program at the other end:
   * asked only for hosts whose use may be known at all, nobody else is looked at.
   */
  tunnelled?(target: Authority, who: () => Promise<ProcessIdentity | undefined>): void;
  /** Something that a person may have to know about, counted and shown in status. `code` is kebab-case. */
  incident(code: string, detail: string): void;
}

/** `ask-process`: some programs may be tunnelled here, others not. */
export type ConnectionRoute = 'inspect' | 'tunnel' | 'ask-process';

/** Who opened a connection; looked up, and perhaps not found. */
export interface Client {
  readonly process: ProcessIdentity | undefined;
}

export interface RequestHead {
  readonly method: string;
  readonly scheme: 'https' | 'http';
  /** Always equal to the connection's target; a mismatch was already answered with 421. */
  readonly authority: Authority;
  /** Origin-form: path and query. */
  readonly path: string;
  readonly headers: RawHeaders;
  readonly httpVersion: '1.0' | '1.1' | '2';
  /** True if this is an HTTP/1.1 WebSocket upgrade. */
  readonly webSocket: boolean;
  /** True if the request has a body (h1: framing headers; h2: no END_STREAM on the headers). */
  readonly hasBody: boolean;
}

/** One decrypted request and its response. Made by the governor, driven by the edge, in the order of its methods. */
export interface Flow {
  /** What to do with the request's body; for an upgrade, `stream` means: relay it. */
  readonly requestPlan: RequestPlan;
  /** Only after `hold`: the whole body, content-decoded. */
  requestBody(body: Uint8Array): RequestVerdict | Promise<RequestVerdict>;
  /** Only after `hold`: the body could not be had as wanted. `raw`: as it came, where all of it did. */
  requestBodyFailed(
    why: 'too-large' | 'undecodable',
    raw?: Uint8Array,
  ): RequestVerdict | Promise<RequestVerdict>;
  /**
   * Nothing of an answer has come, and the request can be sent once more, since its body was held: what now.
   * Undefined: tell the client. `cause` as in `FlowOutcome`.
   */
  sendFailed?(cause: string): RequestVerdict | undefined;
  /** The final response head (1xx are forwarded without asking). */
  responseHead(status: number, headers: RawHeaders): ResponsePlan;
  /** Only after a `hold` of the response: the whole body, content-decoded. */
  responseBody(body: Uint8Array): ResponseVerdict | Promise<ResponseVerdict>;
  /** Only after a `hold` of the response: the body is larger than `maxBytes`, or could not be decoded. */
  responseBodyFailed(): ResponseVerdict;
  /** Content-decoded response bytes; after `tap` the returned commands are ignored except `cut`. */
  responseData(chunk: Uint8Array): readonly ResponseCommand[];
  /** The response body is complete: release what is held, but for what comes late. */
  responseEnd(): readonly ResponseCommand[];
  /** Only for upgrades that the upstream accepted (101). */
  openWebSocket(): WebSocketPlan;
  /** Called exactly once, whatever happened. A promise if the record waits for something; it never rejects. */
  finish(outcome: FlowOutcome): void | Promise<void>;
}

export type RequestPlan =
  /** Forward the body as it arrives. */
  | {
      readonly type: 'stream';
      readonly target?: Authority;
      readonly setHeaders?: RawHeaders;
      readonly removeHeaders?: readonly string[];
    }
  /** Collect the body, decode its content-encoding, then call `requestBody`. `maxBytes` bounds the decoded size. */
  | { readonly type: 'hold'; readonly maxBytes: number }
  | { readonly type: 'refuse'; readonly response: LocalResponse };

export type RequestVerdict =
  | {
      readonly type: 'forward';
      /** Absent: the original bytes with their original encoding. Present: these, unencoded, with a new content-length. */
      readonly body?: Uint8Array;
      /** Elsewhere: `Host` follows. */
      readonly target?: Authority;
      readonly scheme?: 'https' | 'http';
      /** Another path and query: where the model stands in it. */
      readonly path?: string;
      readonly setHeaders?: RawHeaders;
      /** Lower-case names. */
      readonly removeHeaders?: readonly string[];
    }
  | { readonly type: 'refuse'; readonly response: LocalResponse };

/** A complete answer of our own. */
export interface LocalResponse {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: string;
}

export interface ResponsePlan {
  /**
   * `pass`: forward, don't look. `tap`: forward as it arrives, and show the decoded copy to `responseData`.
   * `gate`: forward only what `responseData` and `responseEnd` emit (content-encoding and content-length removed).
   * `hold`: for unstreamed answers that may be refused: keep head and body until `responseBody` has spoken.
   */
  readonly type: 'pass' | 'tap' | 'gate' | 'hold';
  /** Of `hold`: bounds the decoded size. */
  readonly maxBytes?: number;
  readonly setHeaders?: RawHeaders;
  /** Of `gate`: commands that come later, because another service has to be asked first. */
  readonly late?: Late<ResponseCommand>;
  /** Lower-case names. */
  readonly removeHeaders?: readonly string[];
  /** Instead of the upstream's, where clients don't know that one. */
  readonly status?: number;
}

/** Commands that come by themselves, in order with those that are returned. */
export interface Late<Command> {
  /** As much waits as may: the upstream is to wait too, until something has been delivered. */
  readonly full: boolean;
  /** Something waits: what ends has to wait with its end. Asked after each delivery, and after the last data. */
  readonly waiting: boolean;
  /** Called once, before any data. What `take` throws is a failure of the flow, as if data had been shown to it. */
  listen(deliver: (take: () => readonly Command[]) => void): void;
}

export type ResponseVerdict =
  /** Absent body: the original bytes with their original encoding. */
  | { readonly type: 'forward'; readonly body?: Uint8Array }
  /** Send this instead, head included. */
  | { readonly type: 'refuse'; readonly response: LocalResponse };

export type ResponseCommand =
  | { readonly type: 'emit'; readonly bytes: Uint8Array | string }
  /** Abort upstream, send `lastBytes` if given, then end the response cleanly towards the client. */
  | { readonly type: 'cut'; readonly lastBytes?: string };

export interface FlowOutcome {
  readonly result: 'complete' | 'refused' | 'client-aborted' | 'upstream-failed' | 'cut';
  /** Kebab-case cause when the upstream failed: `connect-timeout`, `certificate-invalid`, `reset` … */
  readonly cause: string | undefined;
  /** Wire bytes of the bodies (or of the WebSocket payloads). */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** From the request head to the first byte sent upstream, less the time spent reading the client's body: our own delay. */
  readonly addedMs: number;
}

export interface WebSocketPlan {
  /** `relay`: frames pass untouched and unread. `govern`: each message is shown to `message` first. */
  readonly type: 'relay' | 'govern';
  /** Of `govern`: messages of the server that were held. A `forward` of these always has its data. */
  readonly late?: Late<WebSocketCommand>;
  /** A complete, inflated data message. Control frames are relayed by the edge. */
  message(
    from: 'client' | 'server',
    data: string | Uint8Array,
  ): readonly WebSocketCommand[] | Promise<readonly WebSocketCommand[]>;
}

export type WebSocketCommand =
  /** Pass the message on: the original frames if `data` is absent, else this text. */
  | { readonly type: 'forward'; readonly data?: string }
  /** Send a text message back to where this one came from. */
  | { readonly type: 'reply'; readonly data: string }
  /** Close both sides with this code (RFC 6455 section 7.4) and reason. */
  | { readonly type: 'close'; readonly code: number; readonly reason: string };

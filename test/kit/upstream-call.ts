/** Drives `Outgoing.request` in tests: collects what comes back, and can hold it up. */
import type { Readable } from 'node:stream';
import type { Authority, RawHeaders } from '../../agent/src/core/connection.ts';
import type {
  Outgoing,
  OutgoingError,
  UpstreamCall,
  UpstreamRequest,
} from '../../agent/src/intercept/ports.ts';

export interface Collected {
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
  readonly body: string;
  readonly trailers: RawHeaders;
  readonly informational: readonly (readonly [number, RawHeaders])[];
  readonly error: OutgoingError | undefined;
}

export interface Ongoing {
  readonly call: UpstreamCall;
  readonly done: Promise<Collected>;
  readonly head: Promise<number>;
  /** Names of the handler methods called so far. */
  readonly log: string[];
  bytes(): number;
}

export interface CallOptions {
  readonly method?: string;
  readonly path?: string;
  readonly scheme?: 'https' | 'http';
  readonly protocol?: 'h1' | 'h2';
  readonly headers?: RawHeaders;
  readonly body?: Uint8Array | Readable;
  /** Answers `data`; false pauses. */
  readonly accept?: (chunk: Uint8Array) => boolean;
}

export function begin(outgoing: Outgoing, target: Authority, options: CallOptions = {}): Ongoing {
  const request: UpstreamRequest = {
    scheme: options.scheme ?? 'https',
    method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
    path: options.path ?? '/',
    headers: options.headers ?? ['Host', target.host],
    protocol: options.protocol ?? 'h1',
    body: options.body,
  };
  const log: string[] = [];
  const chunks: Uint8Array[] = [];
  const informational: [number, RawHeaders][] = [];
  let head = { status: 0, statusText: '', headers: [] as RawHeaders };
  let started: (status: number) => void = () => {};
  const headPromise = new Promise<number>((resolve) => {
    started = resolve;
  });
  let call: UpstreamCall | undefined;
  const done = new Promise<Collected>((resolve) => {
    const finish = (trailers: RawHeaders, error: OutgoingError | undefined): void => {
      started(0);
      resolve({ ...head, body: Buffer.concat(chunks).toString('latin1'), trailers, informational, error });
    };
    call = outgoing.request(target, request, {
      informational(status, headers) {
        log.push('informational');
        informational.push([status, headers]);
      },
      head(status, statusText, headers) {
        log.push('head');
        head = { status, statusText, headers };
        started(status);
      },
      data(chunk) {
        if (log.at(-1) !== 'data') log.push('data');
        chunks.push(chunk);
        return options.accept?.(chunk) ?? true;
      },
      end(trailers) {
        log.push('end');
        finish(trailers, undefined);
      },
      error(error) {
        log.push('error');
        finish([], error);
      },
    });
  });
  return {
    call: call as UpstreamCall,
    done,
    head: headPromise,
    log,
    bytes: () => chunks.reduce((sum, chunk) => sum + chunk.length, 0),
  };
}

export const fetchOnce = (
  outgoing: Outgoing,
  target: Authority,
  options: CallOptions = {},
): Promise<Collected> => begin(outgoing, target, options).done;

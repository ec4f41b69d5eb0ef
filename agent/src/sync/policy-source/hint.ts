/**
 * An event stream that says "there is something new" and nothing else (HTML, 9.2: server-sent events). What is new
 * still comes from the policy server, signed: a stream that lies costs a few requests.
 */
import type { SendHttp } from '../../core/http.ts';

export interface HintOptions {
  readonly url: URL;
  readonly send: SendHttp;
  readonly onHint: () => void;
  readonly onState: (state: 'connected' | 'waiting') => void;
  /** 0 to 1. */
  readonly random: () => number;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 5 * 60_000;
/** A stream that says nothing for this long, not even a comment, may be dead without a sign. */
const SILENCE_MS = 90_000;

export function openHint(options: HintOptions): { close(): void } {
  const { url, send, onHint, onState, random } = options;
  const closing = new AbortController();
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  const listen = async (): Promise<void> => {
    const attempt = new AbortController();
    const signal = AbortSignal.any([closing.signal, attempt.signal]);
    let silence = setTimeout(() => attempt.abort(), SILENCE_MS).unref();
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => attempt.abort(), SILENCE_MS).unref();
    };
    let line = '';
    try {
      await send({
        url,
        method: 'GET',
        headers: { accept: 'text/event-stream', 'cache-control': 'no-store', 'user-agent': 'postern' },
        signal,
        maxReplyBytes: 0,
        onHead(status) {
          if (status !== 200) return attempt.abort();
          failures = 0;
          onState('connected');
        },
        onData(chunk) {
          heard();
          for (const byte of chunk) {
            if (byte !== 10 && byte !== 13) {
              if (line.length < 6) line += String.fromCharCode(byte);
              continue;
            }
            if (line.startsWith('data')) onHint();
            line = '';
          }
        },
      });
    } catch {
      failures += 1; // told by its state; polling goes on as if there were no stream
    }
    clearTimeout(silence);
    if (closing.signal.aborted) return;
    onState('waiting');
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 12));
    timer = setTimeout(() => void listen(), delayMs * (0.5 + random())).unref();
  };
  void listen();
  return {
    close() {
      closing.abort();
      clearTimeout(timer);
    },
  };
}

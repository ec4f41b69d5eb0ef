/** Two sockets, byte for byte, half-close and backpressure kept; nothing is read. */
import type { Duplex } from 'node:stream';
import type { WebSocketOutcome, WebSocketPair } from '../ports.ts';

/** Resolves when both sockets are closed; never rejects. */
export function relayBytes(pair: WebSocketPair): Promise<WebSocketOutcome> {
  const { client, upstream } = pair;
  const { promise, resolve } = Promise.withResolvers<WebSocketOutcome>();
  const bytes = { client: 0, upstream: 0 };
  let failure: Pick<WebSocketOutcome, 'result' | 'cause'> | undefined;
  let open = 2;

  function carry(from: Duplex, to: Duplex, side: 'client' | 'upstream', head: Buffer): void {
    let finReceived = false;
    const pass = (chunk: Buffer) => {
      bytes[side] += chunk.length;
      if (!to.destroyed && !to.write(chunk)) from.pause();
    };
    const broken = () => {
      if (open === 2)
        failure ??= { result: side === 'client' ? 'client-aborted' : 'upstream-failed', cause: 'reset' };
      from.destroy();
      to.destroy();
    };
    if (head.length > 0) pass(head);
    from.on('data', pass);
    to.on('drain', () => from.resume());
    from.on('end', () => {
      finReceived = true;
      to.end();
    });
    from.on('error', broken);
    from.on('close', () => {
      if (!finReceived) broken();
      finish();
    });
    // The sockets may have been paused while the heads were exchanged.
    if (!to.writableNeedDrain) from.resume();
    if (from.destroyed) queueMicrotask(() => from.emit('close'));
  }

  function finish(): void {
    open--;
    if (open > 0) return;
    const { result, cause } = failure ?? { result: 'complete' as const, cause: undefined };
    resolve({ result, cause, requestBytes: bytes.client, responseBytes: bytes.upstream });
  }

  carry(client, upstream, 'client', pair.clientHead);
  carry(upstream, client, 'upstream', pair.upstreamHead);
  return promise;
}

/**
 * Bytes to a server that acknowledges nothing. What the kernel took may still be lost, so they count as delivered only
 * if the server reads to our end and then closes too: its close comes after our last byte. One that closes of its own
 * accord may have read nothing, and its goodbye may be on the way while ours leaves: so ours waits for longer than a
 * round trip takes.
 */
import type { Duplex } from 'node:stream';

export class ClosedEarly extends Error {
  override readonly name = 'ClosedEarly';
  readonly code = 'closed-early';
}

/** Setting the connection up took two round trips at least. */
const LEAST_LINGER_MS = 50;
const LONGEST_LINGER_MS = 2_000;
const BROKEN_OFF: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE']);

export function deliverAll(
  socket: Duplex,
  bytes: Buffer,
  setUpMs: number,
  signal: AbortSignal,
): Promise<void> {
  const lingerMs = Math.min(Math.max(setUpMs, LEAST_LINGER_MS), LONGEST_LINGER_MS);
  return new Promise((resolve, reject) => {
    let saidGoodbye = false;
    let heardGoodbye = false;
    let linger: NodeJS.Timeout | undefined;
    const fail = (error: unknown): void => {
      clearTimeout(linger);
      signal.removeEventListener('abort', onAbort);
      reject(error);
      socket.destroy();
    };
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const brokenOff = BROKEN_OFF.has(error.code);
      fail(brokenOff ? new ClosedEarly('the server broke the connection off', { cause: error }) : error);
    });
    socket.once('end', () => {
      heardGoodbye = true;
      if (!saidGoodbye) fail(new ClosedEarly('the server closed the connection first'));
    });
    socket.once('close', () => {
      if (!saidGoodbye || !heardGoodbye) return fail(new ClosedEarly('the server broke the connection off'));
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    // It says nothing; reading is how its end is noticed.
    socket.resume();
    if (signal.aborted) return onAbort();
    socket.write(bytes, (error) => {
      // 'error' tells of it as well.
      if (error) return;
      linger = setTimeout(() => {
        saidGoodbye = true;
        socket.end();
      }, lingerMs);
    });
  });
}

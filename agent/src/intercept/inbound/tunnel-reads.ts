/**
 * The download side of a tunnel, read into one buffer over and over. A stream makes a new one of 64 KB for every read,
 * and V8 answers that much memory outside of its heap with one full collection after another: half of a tunnel's CPU.
 */
import type { Socket } from 'node:net';
import type { SocketReads } from '../ports.ts';

/** Most tunnels are idle most of the time; only those that fill a buffer get a larger one. */
const SMALL_BYTES = 16_384;
const LARGE_BYTES = 262_144;

export class TunnelReads implements SocketReads {
  used = false;
  readonly onread: SocketReads['onread'];
  #buffer: Buffer = Buffer.alloc(0);
  #to: Socket | undefined;

  constructor() {
    this.onread = {
      buffer: () => {
        if (this.#buffer.length === 0) this.#buffer = Buffer.allocUnsafeSlow(SMALL_BYTES);
        return this.#buffer;
      },
      callback: (size) => this.#pass(size),
    };
  }

  /** Like `from.pipe(to)`, for the socket that was opened with these reads. */
  join(from: Socket, to: Socket): void {
    this.#to = to;
    to.on('drain', () => from.resume());
    from.on('end', () => to.end());
    from.resume();
  }

  /** False: no more until the client has taken what it has. */
  #pass(size: number): boolean {
    const to = this.#to;
    if (to === undefined || !to.writable) return true; // the other side's 'close' ends both
    const buffer = this.#buffer;
    to.write(buffer.subarray(0, size));
    // Unless the kernel took all of it at once, the buffer belongs to the write now.
    const isFree = to.writableLength === 0;
    const bytes = nextSize(buffer.length, size);
    if (!isFree || bytes !== buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes);
    return isFree || !to.writableNeedDrain;
  }
}

function nextSize(current: number, read: number): number {
  if (read === current) return Math.min(LARGE_BYTES, current * 4);
  return read < SMALL_BYTES / 2 ? SMALL_BYTES : current;
}

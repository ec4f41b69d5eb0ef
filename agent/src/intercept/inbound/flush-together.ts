/**
 * Answers that end in one turn of the event loop leave together, once all sockets that are ready now have been served.
 * Each write wakes the program at its other end, if that sleeps; written in a row, one wake-up serves them all
 * (0114). Events of a stream don't wait: only the end of an answer does.
 */
import type { Writable } from 'node:stream';

const waiting = new Set<Writable>();

/** What is written to the socket from here on leaves at the end of this turn. */
export function flushTogether(socket: Writable): void {
  if (waiting.has(socket)) return;
  if (waiting.size === 0) setImmediate(flushAll);
  waiting.add(socket);
  socket.cork();
}

/** For a socket that is about to be destroyed: what was written to it before still leaves. */
export function flushNow(socket: Writable): void {
  if (waiting.delete(socket)) socket.uncork();
}

function flushAll(): void {
  const sockets = [...waiting];
  waiting.clear();
  for (const socket of sockets) socket.uncork();
}

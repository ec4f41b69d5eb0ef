import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { flushNow, flushTogether } from '../../../agent/src/intercept/inbound/flush-together.ts';

/** Notes what reaches the wire, write by write. */
function wire(log: string[]): Writable {
  return new Writable({
    write: (chunk, _encoding, done) => {
      log.push(String(chunk));
      done();
    },
    writev: (chunks, done) => {
      log.push(chunks.map(({ chunk }) => String(chunk)).join('+'));
      done();
    },
  });
}

describe('answers that end together', () => {
  it('leave at the end of the turn, one write each, in their order', async () => {
    const log: string[] = [];
    const [first, second] = [wire(log), wire(log)];
    for (const [socket, name] of [
      [first, 'a'],
      [second, 'b'],
    ] as const) {
      flushTogether(socket);
      socket.write(`${name}1`);
      socket.write(`${name}2`);
    }
    await Promise.resolve();
    expect(log).toEqual([]);
    await turn();
    expect(log).toEqual(['a1+a2', 'b1+b2']);
  });

  it('are not held by a second answer on the same socket', async () => {
    const log: string[] = [];
    const socket = wire(log);
    flushTogether(socket);
    socket.write('one');
    flushTogether(socket);
    socket.write('two');
    await turn();
    expect(log).toEqual(['one+two']);
    socket.write('three');
    expect(log).toEqual(['one+two', 'three']);
  });

  it('leave before their socket is destroyed', async () => {
    const log: string[] = [];
    const socket = wire(log);
    flushTogether(socket);
    socket.write('last');
    flushNow(socket);
    socket.destroy();
    expect(log).toEqual(['last']);
    await turn();
    expect(log).toEqual(['last']);
  });
});

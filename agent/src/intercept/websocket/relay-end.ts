import type { Duplex } from 'node:stream';
import { MessageReader } from './message-reader.ts';

/** One of the two peers. */
export interface End {
  readonly side: 'client' | 'server';
  readonly socket: Duplex;
  readonly reader: MessageReader;
  /** Messages from here are compressed in a context that spans messages. */
  readonly keepsContext: boolean;
  /** The receiver of messages from here has missed one: what is compressed later, it can't read. */
  contextBroken: boolean;
  /** The governor is thinking about a message from here. */
  waiting: boolean;
  finReceived: boolean;
  closeReceived: boolean;
  closeSent: boolean;
  closed: boolean;
  bytes: number;
}

/** `noContextTakeover` as agreed for messages from this side; undefined: they are not compressed. */
export function createEnd(
  side: End['side'],
  socket: Duplex,
  noContextTakeover: boolean | undefined,
  maxMessageBytes: number,
): End {
  const keepsContext = noContextTakeover === undefined ? undefined : !noContextTakeover;
  return {
    side,
    socket,
    reader: new MessageReader({ from: side, keepsContext, maxMessageBytes }),
    keepsContext: keepsContext === true,
    contextBroken: false,
    waiting: false,
    finReceived: false,
    closeReceived: false,
    closeSent: false,
    closed: false,
    bytes: 0,
  };
}

/** One WebSocket whose messages the governor sees before they go on. */
import { randomFillSync } from 'node:crypto';
import type { WebSocketCommand, WebSocketPlan } from '../../core/flow.ts';
import type { WebSocketOutcome, WebSocketPair } from '../ports.ts';
import { closePayload, OPCODE, type Violation, writeFrame } from './frame-header.ts';
import type { ControlFrame, DataMessage } from './message-reader.ts';
import type { Compression } from './permessage-deflate.ts';
import { createEnd, type End } from './relay-end.ts';
import type { RelayLimits } from './relay-limits.ts';

const CAUSES = { 1002: 'protocol-error', 1007: 'invalid-data', 1009: 'message-too-big' } as const;

export class GovernedRelay {
  readonly #plan: WebSocketPlan;
  readonly #limits: RelayLimits;
  readonly #ends: Readonly<Record<End['side'], End>>;
  readonly #done = Promise.withResolvers<WebSocketOutcome>();
  /** Nothing is read or passed on any more. */
  #closing = false;
  #result: Pick<WebSocketOutcome, 'result' | 'cause'> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The server's, while some of its messages are held. */
  #heldClose: ControlFrame | undefined;

  constructor(
    pair: WebSocketPair,
    plan: WebSocketPlan,
    compression: Compression | undefined,
    limits: RelayLimits,
  ) {
    this.#plan = plan;
    this.#limits = limits;
    const { maxMessageBytes } = limits;
    this.#ends = {
      client: createEnd('client', pair.client, compression?.clientNoContextTakeover, maxMessageBytes),
      server: createEnd('server', pair.upstream, compression?.serverNoContextTakeover, maxMessageBytes),
    };
  }

  /** Resolves when both sockets are closed; never rejects. */
  run(clientHead: Buffer, upstreamHead: Buffer): Promise<WebSocketOutcome> {
    this.#plan.late?.listen((take) => this.#takeLate(take));
    for (const end of [this.#ends.client, this.#ends.server]) this.#listen(end);
    this.#receive(this.#ends.client, clientHead);
    this.#receive(this.#ends.server, upstreamHead);
    return this.#done.promise;
  }

  /** An extension was agreed on that we can't read: both are told (RFC 6455 section 7.4.1, 1011). */
  refuse(cause: string): Promise<WebSocketOutcome> {
    for (const end of [this.#ends.client, this.#ends.server]) this.#listen(end);
    this.#closeBoth('upstream-failed', cause, 1011, 'unsupported WebSocket extension');
    return this.#done.promise;
  }

  #listen(end: End): void {
    const { socket } = end;
    socket.on('data', (chunk: Buffer) => this.#receive(end, chunk));
    socket.on('drain', () => {
      this.#pump(this.#ends.client);
      this.#pump(this.#ends.server);
    });
    socket.on('end', () => {
      end.finReceived = true;
      this.#pump(end);
    });
    socket.on('error', () => this.#broken(end, 'reset'));
    socket.on('close', () => {
      end.closed = true;
      if (!end.finReceived) this.#broken(end, 'reset');
      this.#resolveWhenClosed();
    });
    if (socket.destroyed) {
      end.closed = true;
      queueMicrotask(() => {
        this.#broken(end, 'reset');
        this.#resolveWhenClosed();
      });
    }
  }

  #receive(end: End, chunk: Buffer): void {
    end.bytes += chunk.length;
    // RFC 6455 section 5.5.1: nothing counts after a Close.
    if (this.#closing || end.closeReceived) return;
    end.reader.add(chunk);
    this.#pump(end);
  }

  /** Handles what has come from this end, as far as the governor and the other end keep up. */
  #pump(end: End): void {
    while (!this.#closing && !end.closeReceived && !this.#mustWait(end)) {
      const event = end.reader.next();
      if (event === undefined) break;
      if (event.type === 'violation') this.#punish(end, event);
      else if (event.type === 'control') this.#passControl(end, event);
      else this.#judge(end, event);
    }
    if (this.#closing) return;
    if (this.#mustWait(end)) end.socket.pause();
    else {
      end.socket.resume();
      if (end.finReceived) this.#finished(end);
    }
  }

  #mustWait(end: End): boolean {
    if (end.side === 'server' && this.#plan.late?.full) return true;
    return end.waiting || this.#other(end).socket.writableNeedDrain || end.socket.writableNeedDrain;
  }

  #judge(end: End, message: DataMessage): void {
    let commands: ReturnType<WebSocketPlan['message']>;
    try {
      const data = message.opcode === OPCODE.text ? message.payload.toString('utf8') : message.payload;
      commands = this.#plan.message(end.side, data);
    } catch {
      this.#governorFailed();
      return;
    }
    if (!(commands instanceof Promise)) {
      this.#carryOut(end, message, commands);
      return;
    }
    end.waiting = true;
    commands.then(
      (decided) => {
        end.waiting = false;
        if (this.#closing) return;
        this.#carryOut(end, message, decided);
        this.#pump(end);
      },
      () => this.#governorFailed(),
    );
  }

  #carryOut(end: End, message: DataMessage, commands: readonly WebSocketCommand[]): void {
    let forwarded = false;
    for (const command of commands) {
      if (command.type === 'close') {
        this.#closeBoth('cut', undefined, command.code, command.reason);
        return;
      }
      if (command.type === 'reply') this.#send(end, OPCODE.text, Buffer.from(command.data));
      else if (command.data !== undefined) {
        this.#send(this.#other(end), OPCODE.text, Buffer.from(command.data));
      } else {
        this.#passMessage(end, message);
        forwarded = true;
      }
    }
    // RFC 7692 section 7.2.1: later messages may refer back to this one, which the receiver never got.
    if (!forwarded && message.compressed && end.keepsContext) end.contextBroken = true;
  }

  /** The server's messages that the governor had held. */
  #takeLate(take: () => readonly WebSocketCommand[]): void {
    if (this.#closing) return;
    const { server } = this.#ends;
    try {
      for (const command of take()) {
        if (command.type === 'forward' && command.data !== undefined)
          this.#send(this.#ends.client, OPCODE.text, Buffer.from(command.data));
      }
    } catch {
      this.#governorFailed();
      return;
    }
    if (this.#heldClose !== undefined && this.#plan.late?.waiting === false) {
      const close = this.#heldClose;
      this.#heldClose = undefined;
      server.waiting = false;
      this.#passControl(server, close);
    }
    this.#pump(server);
  }

  /** The original frames, so that the receiver's context stays in step; once it isn't, uncompressed. */
  #passMessage(end: End, message: DataMessage): void {
    const other = this.#other(end);
    if (end.contextBroken && message.compressed) this.#send(other, message.opcode, message.payload);
    else this.#write(other, message.original);
  }

  #passControl(end: End, frame: ControlFrame): void {
    const other = this.#other(end);
    if (frame.opcode === OPCODE.close && end.side === 'server' && this.#plan.late?.waiting) {
      // The client must get what was held before it hears that nothing more comes.
      this.#heldClose = frame;
      end.waiting = true;
    } else if (frame.opcode === OPCODE.close) {
      end.closeReceived = true;
      if (!other.closeSent) this.#write(other, frame.original);
      other.closeSent = true;
      this.#closeSoon(other.closeReceived ? this.#limits.lingerMs : this.#limits.closeTimeoutMs);
      if (other.closeReceived) this.#settle('complete', undefined);
    } else this.#write(other, frame.original);
  }

  #send(to: End, opcode: number, payload: Uint8Array): void {
    // Section 5.3: a new, unpredictable key for each frame.
    const maskKey = to.side === 'server' ? randomFillSync(Buffer.allocUnsafe(4)) : undefined;
    this.#write(to, [writeFrame(opcode, payload, maskKey)]);
  }

  #write(to: End, pieces: readonly Buffer[]): void {
    const { socket } = to;
    if (!socket.writable || to.closeSent) return;
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) socket.write(piece);
    if (pieces.length > 1) socket.uncork();
  }

  /** The peer's FIN, after everything it sent was handled. */
  #finished(end: End): void {
    const other = this.#other(end);
    if (end.closeReceived) {
      other.socket.end();
      this.#closeSoon(this.#limits.lingerMs);
    } else this.#broken(end, 'truncated');
  }

  /** Gone without a Close frame: the other end must not take it for a clean end. */
  #broken(end: End, cause: 'reset' | 'truncated'): void {
    if (!this.#closing && !end.closeReceived && !this.#other(end).closeReceived) {
      this.#settle(end.side === 'client' ? 'client-aborted' : 'upstream-failed', cause);
    }
    end.socket.destroy();
    if (this.#closing) return;
    this.#closing = true;
    this.#destroyOnceSent(this.#other(end));
  }

  /** What was already passed on still arrives. */
  #destroyOnceSent(end: End): void {
    const { socket } = end;
    if (!socket.writable || socket.writableLength === 0) socket.destroy();
    else {
      socket.write(Buffer.alloc(0), () => socket.destroy());
      this.#closeSoon(this.#limits.lingerMs);
    }
  }

  #punish(end: End, found: Violation): void {
    this.#closing = true;
    this.#settle(end.side === 'client' ? 'client-aborted' : 'upstream-failed', CAUSES[found.code]);
    this.#sayClose(end, found.code, found.reason);
    this.#other(end).socket.destroy();
    this.#closeSoon(this.#limits.lingerMs);
  }

  #governorFailed(): void {
    this.#closeBoth('cut', 'governor-failed', 1011, 'internal error');
  }

  #closeBoth(
    result: WebSocketOutcome['result'],
    cause: string | undefined,
    code: number,
    reason: string,
  ): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#settle(result, cause);
    this.#sayClose(this.#ends.client, code, reason);
    this.#sayClose(this.#ends.server, code, reason);
    this.#closeSoon(this.#limits.lingerMs);
  }

  /** A Close frame, then our FIN; what still arrives is read and thrown away, so that no reset overtakes the frame. */
  #sayClose(end: End, code: number, reason: string): void {
    this.#send(end, OPCODE.close, closePayload(code, reason));
    end.closeSent = true;
    end.socket.end();
    end.socket.resume();
  }

  /** The first call counts. */
  #settle(result: WebSocketOutcome['result'], cause: string | undefined): void {
    this.#result ??= { result, cause };
  }

  #closeSoon(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#closing = true;
      this.#destroyBoth();
    }, afterMs);
  }

  #destroyBoth(): void {
    this.#ends.client.socket.destroy();
    this.#ends.server.socket.destroy();
  }

  #resolveWhenClosed(): void {
    const { client, server } = this.#ends;
    if (!client.closed || !server.closed) return;
    clearTimeout(this.#timer);
    const { result, cause } = this.#result ?? { result: 'complete' as const, cause: undefined };
    this.#done.resolve({ result, cause, requestBytes: client.bytes, responseBytes: server.bytes });
  }

  #other(end: End): End {
    return end.side === 'client' ? this.#ends.server : this.#ends.client;
  }
}

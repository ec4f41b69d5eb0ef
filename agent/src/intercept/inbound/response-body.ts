/** A response's body on its way down: passed, tapped or gated, with backpressure from client and decoder. */
import type { RawHeaders } from '../../core/connection.ts';
import type { Flow, Late, ResponseCommand, ResponsePlan } from '../../core/flow.ts';
import type { Client } from './client.ts';
import { type Coding, type DecoderEvents, StreamDecoder } from './content-coding.ts';

export interface ResponseOwner {
  /** Everything has been handed to the client. */
  bodyComplete(): void;
  /** The flow cut the response; the client has its end. */
  bodyCut(): void;
  /** The upstream may go on. */
  bodyReady(): void;
  /** Only `tap`: the copy can't be decoded any further. */
  bodyUnreadable(error: Error): void;
  /** Only `gate`: nothing more can be shown to the client. */
  bodyUndecodable(error: Error): void;
  bodyThrew(error: unknown): void;
}

export interface ResponseBodyOptions {
  readonly plan: ResponsePlan['type'];
  readonly codings: readonly Coding[];
  /** HEAD, 204, 304: whatever the flow emits, no body may follow. */
  readonly discardOutput: boolean;
  /** True if the body can be ended at any byte and still be well-formed. */
  readonly endable: boolean;
  /** Of `gate`: what the flow says later. */
  readonly late?: Late<ResponseCommand> | undefined;
  readonly owner: ResponseOwner;
}

export class ResponseBody implements DecoderEvents {
  /** Wire bytes from the upstream. */
  bytes = 0;
  readonly #client: Client;
  readonly #flow: Flow;
  readonly #options: ResponseBodyOptions;
  readonly #decoder: StreamDecoder | undefined;
  readonly #late: Late<ResponseCommand> | undefined;
  #looking: boolean;
  /** Of a tapped body: passed on, not yet shown to the flow. */
  #unseen: Uint8Array[] | undefined;
  #clientBlocked = false;
  #decoderBlocked = false;
  #over = false;
  #upstreamEnded = false;
  /** The flow has seen the end, and waits for others before it lets go of the rest. */
  #concluding = false;
  #clientEnded = false;
  #trailers: RawHeaders = [];

  constructor(client: Client, flow: Flow, options: ResponseBodyOptions) {
    this.#client = client;
    this.#flow = flow;
    this.#options = options;
    this.#looking = options.plan !== 'pass';
    this.#late = options.plan === 'gate' ? options.late : undefined;
    this.#late?.listen((take) => this.#reported(() => this.#takeLate(take)));
    if (this.#looking && options.codings.length > 0) this.#decoder = new StreamDecoder(options.codings, this);
  }

  get clientEnded(): boolean {
    return this.#clientEnded;
  }

  /** False: the upstream must wait for `bodyReady`. */
  push(chunk: Uint8Array): boolean {
    this.bytes += chunk.byteLength;
    if (this.#options.plan !== 'gate' && !this.#client.write(chunk)) this.#clientBlocked = true;
    if (this.#looking) {
      if (this.#decoder === undefined) this.#show(chunk);
      else if (!this.#decoder.write(chunk)) this.#decoderBlocked = true;
    }
    return this.#over || !(this.#clientBlocked || this.#decoderBlocked || this.#late?.full === true);
  }

  /** The upstream's body is complete. */
  finish(trailers: RawHeaders): void {
    this.#trailers = trailers;
    this.#upstreamEnded = true;
    if (this.#decoder === undefined || !this.#looking) {
      this.#conclude();
      return;
    }
    // A tapped client needs not wait for our copy to be decoded.
    if (this.#options.plan === 'tap') this.#endClient();
    this.#decoder.end();
  }

  clientDrained(): void {
    this.#clientBlocked = false;
    this.#goOn();
  }

  #takeLate(take: () => readonly ResponseCommand[]): void {
    this.#look(take());
    if (this.#over) return;
    if (this.#concluding && this.#late?.waiting === false) this.#complete();
    else this.#goOn();
  }

  #goOn(): void {
    if (this.#clientBlocked || this.#late?.full) return;
    this.#decoder?.resume();
    this.#ready();
  }

  destroy(): void {
    // What the client got before the end came belongs into the record.
    if (this.#unseen !== undefined) this.#reported(() => this.#showUnseen());
    this.#over = true;
    this.#decoder?.destroy();
  }

  // ---- DecoderEvents: from another turn of the loop, so what the flow throws is reported, not thrown ----

  decoded(chunk: Uint8Array): void {
    this.#reported(() => {
      this.#look(this.#flow.responseData(chunk));
      if (this.#options.plan === 'gate' && (this.#clientBlocked || this.#late?.full)) this.#decoder?.pause();
    });
  }

  end(): void {
    this.#reported(() => this.#conclude());
  }

  drain(): void {
    this.#decoderBlocked = false;
    this.#ready();
  }

  failed(error: Error): void {
    if (this.#over) return;
    this.#looking = false;
    this.#decoderBlocked = false;
    if (this.#options.plan === 'gate') {
      this.#options.owner.bodyUndecodable(error);
      return;
    }
    this.#options.owner.bodyUnreadable(error);
    if (this.#upstreamEnded) this.#conclude();
    else this.#ready();
  }

  #ready(): void {
    if (this.#over || this.#clientBlocked || this.#decoderBlocked || this.#late?.full) return;
    this.#options.owner.bodyReady();
  }

  #conclude(): void {
    // Nothing is held back from a tapped client, so it needn't wait for our own reading.
    if (this.#options.plan === 'tap') this.#endClient();
    this.#showUnseen();
    if (this.#looking && !this.#over) this.#look(this.#flow.responseEnd());
    if (this.#over) return;
    if (this.#late?.waiting) this.#concluding = true;
    else this.#complete();
  }

  #complete(): void {
    this.#over = true;
    this.#endClient();
    this.#options.owner.bodyComplete();
  }

  /**
   * A tapped chunk is on its way to the client: it is read once all sockets that are ready now have been served, so
   * that no stream waits for what was said in another.
   */
  #show(chunk: Uint8Array): void {
    if (this.#options.plan !== 'tap') {
      this.#look(this.#flow.responseData(chunk));
    } else if (this.#unseen === undefined) {
      this.#unseen = [chunk];
      setImmediate(showUnseen, this);
    } else this.#unseen.push(chunk);
  }

  /** Called from another turn of the loop. */
  showUnseen(): void {
    this.#reported(() => this.#showUnseen());
  }

  #showUnseen(): void {
    const chunks = this.#unseen;
    this.#unseen = undefined;
    for (const chunk of chunks ?? []) {
      if (this.#over || !this.#looking) return;
      this.#look(this.#flow.responseData(chunk));
    }
  }

  #endClient(): void {
    if (this.#clientEnded) return;
    this.#clientEnded = true;
    this.#client.end(this.#trailers);
  }

  #look(commands: readonly ResponseCommand[]): void {
    for (const command of commands) {
      if (this.#over) return;
      if (command.type === 'cut') {
        this.#cut(command.lastBytes);
        return;
      }
      if (this.#options.plan === 'gate') this.#emit(command.bytes);
    }
  }

  #emit(bytes: Uint8Array | string): void {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    if (chunk.byteLength === 0 || this.#options.discardOutput) return;
    if (!this.#client.write(chunk)) this.#clientBlocked = true;
  }

  #cut(lastBytes: string | undefined): void {
    this.#over = true;
    if (this.#clientEnded) {
      this.#options.owner.bodyCut();
      return;
    }
    if (this.#options.endable) {
      if (lastBytes !== undefined && !this.#options.discardOutput) this.#client.write(Buffer.from(lastBytes));
      this.#client.end([]);
    } else this.#client.abort();
    this.#options.owner.bodyCut();
  }

  #reported(step: () => void): void {
    if (this.#over) return;
    try {
      step();
    } catch (error) {
      this.#options.owner.bodyThrew(error);
    }
  }
}

const showUnseen = (body: ResponseBody): void => body.showUnseen();

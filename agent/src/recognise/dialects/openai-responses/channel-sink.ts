import type { ChannelWriter } from '../../channels.ts';
import type { ItemSink } from './items.ts';

/** Turns an output item into events. What a client doesn't send back verbatim is editable, reasoning included. */
export class ChannelSink implements ItemSink {
  readonly #out: ChannelWriter;
  readonly #channel: string;
  readonly #pointer: string;
  readonly #whole: boolean;

  constructor(out: ChannelWriter, channel: string, pointer: string, whole: boolean) {
    this.#out = out;
    this.#channel = channel;
    this.#pointer = pointer;
    this.#whole = whole;
  }

  strings(...[kind, , path, value, options]: Parameters<ItemSink['strings']>): void {
    const channel = this.#channel + path;
    const pointer = this.#pointer + path;
    // Reasoning is streamed before its ciphertext is known: the same answer for deltas and snapshots.
    const channelOptions = kind === 'thinking' ? {} : options;
    if (this.#whole) this.#out.wholeStrings(kind, channel, pointer, value, channelOptions);
    else this.#out.deltaStrings(kind, channel, pointer, value, channelOptions);
  }

  attachment(): void {
    if (this.#whole) this.#out.add({ type: 'unknown', name: 'attachment' });
  }

  tools(path: string, tools: readonly unknown[]): void {
    this.#out.wholeStrings('tool-result', this.#channel + path, this.#pointer + path, tools);
  }

  /** Of answers, what has no name yet is passed on. */
  rest(): void {}

  unknown(...[, path, value]: Parameters<ItemSink['unknown']>): void {
    this.#out.add({ type: 'unknown', name: 'item' });
    this.#out.wholeStrings('text', this.#channel + path, this.#pointer + path, value, { editable: false });
  }
}

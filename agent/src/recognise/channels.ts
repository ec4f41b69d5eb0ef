import type { ExchangeEvent } from '../core/exchange.ts';
import { visitStrings } from './json/strings.ts';

export type TextKind = Extract<ExchangeEvent, { type: 'text' }>['kind'];

export interface ChannelOptions {
  readonly editable?: boolean;
  readonly toolName?: string | undefined;
  /** The text is JSON source. */
  readonly json?: true | undefined;
}

export interface StructuredOptions extends ChannelOptions {
  readonly skip?: ReadonlySet<string>;
}

/**
 * Collects the events of one response and remembers its channels. A text that comes whole is a `snapshot` if its
 * channel was streamed before, and otherwise the channel's only delta: some items are never streamed.
 */
export class ChannelWriter {
  #events: ExchangeEvent[] = [];
  /** True while open; false once ended. */
  readonly #open = new Map<string, boolean>();
  readonly #scopes = new Map<string, { group: string; readonly rounds: Map<string, number> }>();

  /** The events since the last call. */
  take(): readonly ExchangeEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  add(event: ExchangeEvent): void {
    this.#events.push(event);
  }

  delta(kind: TextKind, channel: string, pointer: string, text: unknown, options?: ChannelOptions): void {
    if (typeof text !== 'string' || text === '') return;
    this.#open.set(channel, true);
    this.#text(kind, channel, pointer, text, 'delta', options);
  }

  /**
   * A delta where nothing marks the end of a text: within a scope, a text of another group ends the one before. One
   * that comes back later is a new channel (`content~2`).
   */
  sequentialDelta(
    kind: TextKind,
    place: { readonly scope: string; readonly group: string; readonly name: string },
    pointer: string,
    text: unknown,
    options?: ChannelOptions,
  ): void {
    if (typeof text !== 'string' || text === '') return;
    const round = this.#enter(place.scope, place.group);
    const channel = `${place.scope}/${place.name}${round === 1 ? '' : `~${round}`}`;
    this.delta(kind, channel, pointer, text, options);
  }

  /** Makes this the scope's current group; returns how often it has been that. */
  #enter(scope: string, group: string): number {
    let state = this.#scopes.get(scope);
    if (state === undefined) {
      state = { group: '', rounds: new Map() };
      this.#scopes.set(scope, state);
    }
    if (state.group !== group) {
      this.endAll(`${scope}/`);
      state.group = group;
      state.rounds.set(group, (state.rounds.get(group) ?? 0) + 1);
    }
    return state.rounds.get(group) ?? 1;
  }

  /** The channel's whole text: ends the channel, then repeats it; or is all there ever was of it. */
  whole(kind: TextKind, channel: string, pointer: string, text: unknown, options?: ChannelOptions): void {
    if (typeof text !== 'string') return;
    const known = this.#open.has(channel);
    if (!known) this.delta(kind, channel, pointer, text, options);
    this.end(channel);
    if (known && text !== '') this.#text(kind, channel, pointer, text, 'snapshot', options);
  }

  /** Every string inside a structured value, each a whole channel of its own, named after its place in the value. */
  wholeStrings(
    kind: TextKind,
    channel: string,
    pointer: string,
    value: unknown,
    options?: StructuredOptions,
  ): void {
    this.#strings(channel, pointer, value, options, (name, place, text, textOptions) =>
      this.whole(kind, name, place, text, textOptions),
    );
  }

  /** The same for pieces that may go on. */
  deltaStrings(
    kind: TextKind,
    channel: string,
    pointer: string,
    value: unknown,
    options?: StructuredOptions,
  ): void {
    this.#strings(channel, pointer, value, options, (name, place, text, textOptions) =>
      this.delta(kind, name, place, text, textOptions),
    );
  }

  #strings(
    channel: string,
    pointer: string,
    value: unknown,
    options: StructuredOptions | undefined,
    write: (name: string, place: string, text: string, options: ChannelOptions | undefined) => void,
  ): void {
    const visit = (text: string, place: string, isKey: boolean): void => {
      const name = `${channel}${place.slice(pointer.length)}`;
      if (isKey) write(`${name}#key`, place, text, { ...options, editable: false });
      else write(name, place, text, options);
    };
    if (!visitStrings(value, pointer, visit, options?.skip)) this.add({ type: 'unknown', name: 'too-deep' });
  }

  /** No more deltas on this channel. Nothing happens if it never began or has ended. */
  end(channel: string): void {
    if (this.#open.get(channel) !== true) return;
    this.#open.set(channel, false);
    this.#events.push({ type: 'channel-end', channel });
  }

  /** Ends the channels whose names begin so; all of them by default. */
  endAll(prefix = ''): void {
    for (const [channel, open] of this.#open) if (open && channel.startsWith(prefix)) this.end(channel);
  }

  #text(
    kind: TextKind,
    channel: string,
    pointer: string,
    text: string,
    form: 'delta' | 'snapshot',
    options: ChannelOptions | undefined,
  ): void {
    const editable = options?.editable ?? true;
    const toolName = options?.toolName;
    const event = { type: 'text', kind, channel, text, pointer, editable, form } as const;
    if (toolName === undefined && options?.json === undefined) this.#events.push(event);
    else {
      this.#events.push({
        ...event,
        ...(toolName !== undefined && { toolName }),
        ...(options?.json && { json: true }),
      });
    }
  }
}

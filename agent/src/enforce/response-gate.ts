/**
 * enforce/ turns verdicts into commands on the stream: forward, hold, replace, cut. It is pure: it asks the detectors
 * of the guardrails it was given and never touches a socket, a clock or the policy. This file is the gate that a
 * streamed response passes: frames leave in order, as early as every guardrail allows.
 */
import type { Edit } from '../core/decision.ts';
import type { ExchangeEvent } from '../core/exchange.ts';
import { isRequestDetector } from '../core/finding.ts';
import type { ResponseCommand } from '../core/flow.ts';
import type { AskedText } from './asked-text.ts';
import { Channel, type OpenScanner } from './channel.ts';
import type {
  ChannelCut,
  CutCause,
  GateObserver,
  Question,
  Reply,
  ResponseGuardrail,
  TextEvent,
} from './guardrail.ts';
import { addRedaction, editsWithin, type Redaction } from './redaction.ts';

/** One unit of the stream: an SSE event, a WebSocket message, an NDJSON line, or a whole body. */
export interface GateFrame {
  /** Emitted as it is, by reference, unless something in it is redacted. */
  readonly raw: string | Uint8Array;
  /** Says nothing but that the stream lives: it needn't wait for what waits for another service. */
  readonly heartbeat?: boolean;
  readonly events: readonly ExchangeEvent[];
  /** The frame with these edits (places are the events' pointers; sorted within a place, no overlaps). */
  patch(edits: readonly Edit[]): string;
}

export interface ResponseGateOptions extends GateObserver {
  readonly guardrails: readonly ResponseGuardrail[];
  /** The stream's last words when it is cut: the dialect's in-stream refusal. `releases`: some frames go out just before. */
  lastBytes(cause: CutCause, releases: boolean): string | undefined;
  /** A redaction in text that the provider signs: cut (default), or let it pass with the finding told. */
  readonly uneditable?: 'block' | 'pass';
  /** Where the response isn't a stream after all: `body.ts`. */
  readonly openScanner?: OpenScanner;
}

export interface ResponseGate {
  /** True once the response was cut; nothing more is emitted. */
  readonly cut: boolean;
  /** Frames that wait for more text. */
  readonly heldFrames: number;
  /** One `emit` per frame that may go, in order; at most one `cut`, last. */
  push(frame: GateFrame): readonly ResponseCommand[];
  /** The stream is complete: everything is decided and released, but for what waits for another service. */
  end(): readonly ResponseCommand[];
  /** What a service said. Questions are settled in the order in which they were asked. */
  settle(question: Question, reply: Reply): readonly ResponseCommand[];
}

interface Segment {
  readonly channel: Channel;
  readonly pointer: string;
  readonly start: number;
  readonly end: number;
}

interface HeldFrame {
  readonly frame: GateFrame;
  readonly segments: Segment[];
  readonly snapshotEdits: Edit[];
  /** Repetitions of texts that another service is asked about. */
  askedSnapshots: AskedSnapshot[] | undefined;
}

interface AskedSnapshot {
  readonly asked: readonly AskedText[];
  readonly pointer: string;
  readonly length: number;
  /** What our own detectors found. */
  readonly redactions: readonly Redaction[];
}

interface PlacedCut extends ChannelCut {
  /** Index in the queue of the first frame that is withheld. */
  readonly index: number;
}

export const createResponseGate = (options: ResponseGateOptions): ResponseGate => new Gate(options);

class Gate implements ResponseGate {
  readonly #options: ResponseGateOptions;
  readonly #channels = new Map<string, Channel>();
  readonly #queue: HeldFrame[] = [];
  readonly #asks: boolean;
  #dialectEndsChannels = false;
  cut = false;

  constructor(options: ResponseGateOptions) {
    this.#options = options;
    this.#asks = options.guardrails.some(({ detector }) => isRequestDetector(detector));
  }

  get heldFrames(): number {
    return this.#queue.length;
  }

  push(frame: GateFrame): readonly ResponseCommand[] {
    if (this.cut) return [];
    if (this.#asks && frame.heartbeat) return [{ type: 'emit', bytes: frame.raw }];
    const held: HeldFrame = { frame, segments: [], snapshotEdits: [], askedSnapshots: undefined };
    this.#queue.push(held);
    let cut: PlacedCut | undefined;
    for (const event of frame.events) {
      for (const one of this.#take(event, held)) if (cut === undefined || one.index < cut.index) cut = one;
    }
    return this.#release(cut);
  }

  end(): readonly ResponseCommand[] {
    if (this.cut) return [];
    return this.#release(this.#endChannels().reduce(firstOf, undefined));
  }

  settle(question: Question, reply: Reply): readonly ResponseCommand[] {
    if (this.cut) return [];
    const cut = 'error' in reply ? question.failed(reply.error) : question.answered(reply.matches);
    if (cut === undefined) return this.#release(undefined);
    const { asked } = question;
    const repeated = this.#queue.findIndex((held) =>
      held.askedSnapshots?.some((one) => one.asked.includes(asked)),
    );
    const channel = this.#channels.get(question.channel);
    const placed = channel?.asks(asked) ? this.#place(channel, cut)[0] : undefined;
    return this.#release(placed ?? { ...cut, index: Math.max(0, repeated) });
  }

  #take(event: ExchangeEvent, held: HeldFrame): PlacedCut[] {
    switch (event.type) {
      case 'text':
        return event.form === 'delta' ? this.#takeDelta(event, held) : this.#takeSnapshot(event, held);
      case 'channel-end': {
        this.#dialectEndsChannels = true;
        const channel = this.#channels.get(event.channel);
        return channel === undefined ? [] : this.#place(channel, channel.end());
      }
      case 'end':
        // A dialect that ends its channels may end one choice while another goes on; one that doesn't means them all.
        return this.#dialectEndsChannels ? [] : this.#endChannels();
      default:
        return [];
    }
  }

  #takeDelta(event: TextEvent, held: HeldFrame): PlacedCut[] {
    const channel = this.#channel(event);
    const start = channel.length;
    const cut = channel.delta(event.text);
    held.segments.push({ channel, pointer: event.pointer, start, end: channel.length });
    return this.#place(channel, cut);
  }

  #takeSnapshot(event: TextEvent, held: HeldFrame): PlacedCut[] {
    const { redactions, cut, asked } = this.#channel(event).snapshot(event);
    const { pointer, text } = event;
    if (asked.length === 0) held.snapshotEdits.push(...editsWithin(redactions, pointer, 0, text.length));
    else {
      held.askedSnapshots ??= [];
      held.askedSnapshots.push({ asked, pointer, length: text.length, redactions });
    }
    return cut === undefined ? [] : [{ ...cut, index: this.#queue.indexOf(held) }];
  }

  #channel(event: TextEvent): Channel {
    let channel = this.#channels.get(event.channel);
    if (channel === undefined) {
      const { guardrails, uneditable = 'block', openScanner = openStream } = this.#options;
      channel = new Channel(event, guardrails, this.#options, uneditable, openScanner);
      this.#channels.set(event.channel, channel);
    }
    return channel;
  }

  #endChannels(): PlacedCut[] {
    return [...this.#channels.values()].flatMap((channel) => this.#place(channel, channel.end()));
  }

  /** A finding is withheld from the frame on in which it starts. */
  #place(channel: Channel, cut: ChannelCut | undefined): PlacedCut[] {
    if (cut === undefined) return [];
    const index = this.#queue.findIndex((held) =>
      held.segments.some((segment) => segment.channel === channel && segment.end > cut.from),
    );
    return [{ ...cut, index: index < 0 ? this.#queue.length - 1 : index }];
  }

  #release(cut: PlacedCut | undefined): readonly ResponseCommand[] {
    const commands: ResponseCommand[] = [];
    const limit = cut?.index ?? this.#queue.length;
    let count = 0;
    while (count < limit && isCleared(this.#queue[count] as HeldFrame)) {
      commands.push({ type: 'emit', bytes: emitted(this.#queue[count] as HeldFrame) });
      count++;
    }
    this.#queue.splice(0, count);
    if (cut !== undefined) {
      this.cut = true;
      this.#queue.length = 0;
      const lastBytes = this.#options.lastBytes(cut.cause, count > 0);
      commands.push(lastBytes === undefined ? { type: 'cut' } : { type: 'cut', lastBytes });
    }
    return commands;
  }
}

const openStream: OpenScanner = (detector) => detector.openStream();

const isCleared = (held: HeldFrame): boolean =>
  held.segments.every(({ channel, end }) => end <= channel.clearedUpTo) &&
  (held.askedSnapshots === undefined ||
    held.askedSnapshots.every(({ asked, length }) => asked.every((one) => one.clearedUpTo >= length)));

function emitted({ frame, segments, snapshotEdits, askedSnapshots }: HeldFrame): string | Uint8Array {
  const edits = segments.flatMap(({ channel, pointer, start, end }) =>
    channel.takeEdits(pointer, start, end),
  );
  edits.push(...snapshotEdits);
  for (const { asked, pointer, length, redactions } of askedSnapshots ?? []) {
    const all = [...redactions];
    for (const redaction of asked.flatMap((one) => one.redactions)) addRedaction(all, redaction);
    edits.push(...editsWithin(all, pointer, 0, length));
  }
  return edits.length === 0 ? frame.raw : frame.patch(edits);
}

const firstOf = (a: PlacedCut | undefined, b: PlacedCut): PlacedCut =>
  a === undefined || b.index < a.index ? b : a;

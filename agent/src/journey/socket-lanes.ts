import type { SocketMark } from '../core/dialect.ts';

interface Waiting<Call> {
  readonly call: Call;
  readonly mark: SocketMark;
}

/** Answers whose lane is remembered, so that a steer finds it. */
const MAX_RESPONSES = 256;

/** The calls on one WebSocket whose answers are still to come, and whose message is whose. */
export class SocketLanes<Call> {
  /** In the order in which they were made. */
  #waiting: Waiting<Call>[] = [];
  readonly #laneOfResponse = new Map<string, string | undefined>();

  /** The mark with its lane: a steer's is that of the answer it steers. */
  resolve(mark: SocketMark): SocketMark {
    if (mark.type !== 'steer' || mark.responseId === undefined) return mark;
    return { ...mark, lane: this.#laneOfResponse.get(mark.responseId) ?? mark.lane };
  }

  /** `mark` is resolved. */
  add(call: Call, mark: SocketMark): void {
    this.#waiting.push({ call, mark });
  }

  /** Whose answer a server's message belongs to: the oldest call of its lane; of all, where the server names no lane. */
  ownerOf(mark: SocketMark): Call | undefined {
    return (this.#waiting.find((one) => one.mark.lane === mark.lane) ?? this.#waiting[0])?.call;
  }

  /**
   * Takes note of a server's message. Returns the calls that get no answer of their own: steers that failed or wait,
   * and those that share the answer of the one before.
   */
  note(mark: SocketMark): readonly Call[] {
    if (mark.type === 'steer-over') {
      return this.#takeOut(({ mark: own }) => own.type === 'steer' && own.responseId === mark.responseId, 1);
    }
    if (mark.type !== 'started') return [];
    const owner = this.#waiting.find(({ call }) => call === this.ownerOf(mark));
    if (owner === undefined) return [];
    if (mark.responseId !== undefined) this.#remember(mark.responseId, owner.mark.lane);
    if (owner.mark.type !== 'steer') return [];
    const { lane, responseId } = owner.mark;
    return this.#takeOut(
      (one) =>
        one !== owner &&
        one.mark.type === 'steer' &&
        one.mark.lane === lane &&
        one.mark.responseId === responseId,
    );
  }

  end(call: Call): void {
    this.#waiting = this.#waiting.filter((one) => one.call !== call);
  }

  takeAll(): readonly Call[] {
    return this.#takeOut(() => true);
  }

  #takeOut(
    belongs: (one: Waiting<Call>) => boolean,
    limit: number = Number.POSITIVE_INFINITY,
  ): readonly Call[] {
    const taken: Call[] = [];
    this.#waiting = this.#waiting.filter((one) => {
      if (taken.length >= limit || !belongs(one)) return true;
      taken.push(one.call);
      return false;
    });
    return taken;
  }

  #remember(responseId: string, lane: string | undefined): void {
    this.#laneOfResponse.set(responseId, lane);
    if (this.#laneOfResponse.size <= MAX_RESPONSES) return;
    for (const oldest of this.#laneOfResponse.keys()) {
      this.#laneOfResponse.delete(oldest);
      return;
    }
  }
}

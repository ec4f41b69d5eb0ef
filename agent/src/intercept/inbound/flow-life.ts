/** What both directions of a flow share: whether it has ended, how it ends, and what is told of it then, once. */
import type { FlowOutcome, LocalResponse } from '../../core/flow.ts';
import type { UpstreamCall, WebSocketOutcome } from '../ports.ts';
import { DEFECT, errorAnswer } from './answers.ts';
import { discard } from './client.ts';
import type { CallFacts } from './driven-call.ts';
import type { BodyBridge } from './request-body.ts';

/** The answer's bytes so far, and a way to stop decoding them. */
interface Receiving {
  readonly bytes: number;
  destroy?(): void;
}

export class FlowLife {
  readonly call: CallFacts;
  upstream: UpstreamCall | undefined;
  /** The request's body on its way up, if it is streamed. */
  bridge: BodyBridge | undefined;
  receiving: Receiving | undefined;
  /** Of a request that was held. */
  requestBytes = 0;
  headSent = false;
  /** The upstream has begun to answer: from here on nothing is sent a second time. */
  answered = false;
  /** Set while a held request is on its way: asks the flow where else to send it. False: nowhere. */
  sendAgain: ((cause: string) => boolean) | undefined;
  finished = false;
  clientGone = false;
  #readingSinceMs = 0;
  #readingMs = 0;
  #addedMs: number | undefined;

  constructor(call: CallFacts) {
    this.call = call;
  }

  // ---- our own delay: from the head to the first byte sent on, less the time the client took for its body ----

  startReading(): void {
    this.#readingSinceMs = performance.now();
  }

  stopReading(): void {
    if (this.#readingSinceMs > 0) this.#readingMs = performance.now() - this.#readingSinceMs;
    this.#readingSinceMs = 0;
  }

  /** The request leaves, or is answered here. A second time counts only for requests that leave. */
  sent(): void {
    this.#addedMs = this.#delayMs();
  }

  #delayMs(): number {
    return performance.now() - this.call.startedAtMs - this.#readingMs;
  }

  // ---- endings ----

  refuse(response: LocalResponse): void {
    this.#addedMs ??= this.#delayMs();
    this.answer(response);
    this.finish('refused', undefined);
  }

  answer(response: LocalResponse): void {
    this.bridge?.destroy();
    this.headSent = true;
    if (!this.clientGone) this.call.client.answer(response);
  }

  upstreamFailed(code: string, message: string): void {
    if (this.headSent) this.call.client.abort();
    else {
      const status = code.endsWith('-timeout') ? 504 : code === 'target-forbidden' ? 403 : 502;
      this.answer(errorAnswer(status, code, `Postern could not reach ${this.call.target.host}: ${message}`));
    }
    this.finish('upstream-failed', code);
  }

  abortUpstream(): void {
    const upstream = this.upstream;
    this.upstream = undefined;
    upstream?.abort();
  }

  /** The rest of the request is of no use any more, but the connection may be. */
  discardRequest(): void {
    if (!this.call.hasBody) return;
    this.bridge?.destroy();
    const { client } = this.call;
    if (!this.clientGone) discard(client.body, () => client.abort());
  }

  guarded(step: () => unknown): void {
    try {
      step();
    } catch (error) {
      this.defect(error);
    }
  }

  readonly defect = (error: unknown): void => {
    this.call.edge.flowThrew(error);
    if (this.finished) return;
    this.abortUpstream();
    try {
      if (this.headSent) this.call.client.abort();
      else this.answer(DEFECT);
    } catch {
      this.call.client.abort();
    }
    this.finish('upstream-failed', 'postern-defect');
  };

  finish(result: FlowOutcome['result'], cause: string | undefined): void {
    if (this.finished) return;
    this.finished = true;
    this.receiving?.destroy?.();
    this.stopReading();
    this.#tell({
      result,
      cause,
      requestBytes: this.bridge?.bytes ?? this.requestBytes,
      responseBytes: this.receiving?.bytes ?? 0,
      addedMs: this.#addedMs ?? this.#delayMs(),
    });
    this.call.edge.flowClosed();
  }

  finishWebSocket(outcome: WebSocketOutcome): void {
    if (this.finished) return;
    this.finished = true;
    this.#tell({ ...outcome, addedMs: this.#addedMs ?? 0 });
    this.call.edge.webSocketClosed();
  }

  #tell(outcome: FlowOutcome): void {
    try {
      this.call.flow.finish(outcome);
    } catch (error) {
      this.call.edge.flowThrew(error);
    }
  }
}

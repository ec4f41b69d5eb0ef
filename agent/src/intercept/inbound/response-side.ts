/** A flow's answer: passed, tapped or gated as it comes, or held until the flow has seen all of it. */
import { STATUS_CODES } from 'node:http';
import type { RawHeaders } from '../../core/connection.ts';
import type { ResponsePlan, ResponseVerdict } from '../../core/flow.ts';
import type { OutgoingError, UpstreamHandler } from '../ports.ts';
import { errorAnswer } from './answers.ts';
import type { HeadOptions } from './client.ts';
import { type Coding, parseCodings } from './content-coding.ts';
import type { CallFacts } from './driven-call.ts';
import type { FlowLife } from './flow-life.ts';
import { HeldResponse } from './held-response.ts';
import { ResponseBody, type ResponseOwner } from './response-body.ts';
import {
  BODY_BOUND_HEADERS,
  editHeaders,
  type ResponseFacts,
  readResponseHead,
  withoutHeaders,
} from './response-head.ts';

const UNENCODED = 'identity';

interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly facts: ResponseFacts;
  readonly plan: ResponsePlan;
  /** Undefined: a coding that we can't undo. */
  readonly codings: readonly Coding[] | undefined;
  /** HEAD, 204, 304: no body may follow. */
  readonly bodiless: boolean;
}

export class ResponseSide implements UpstreamHandler, ResponseOwner {
  readonly #life: FlowLife;
  readonly #call: CallFacts;
  #body: ResponseBody | undefined;
  #held: HeldResponse | undefined;

  constructor(life: FlowLife) {
    this.#life = life;
    this.#call = life.call;
  }

  // ---- what the upstream says ----

  informational(status: number, headers: RawHeaders): void {
    if (this.#life.finished || this.#life.headSent) return;
    try {
      this.#call.client.informational(status, readResponseHead(headers, this.#call.inspected).headers);
    } catch (error) {
      this.#call.edge.incident('informational-dropped', `${error}`);
    }
  }

  head(received: number, receivedText: string, rawHeaders: RawHeaders): void {
    if (this.#life.finished) return;
    this.#life.answered = true;
    this.#life.guarded(() => {
      const facts = readResponseHead(rawHeaders, this.#call.inspected);
      const plan = this.#call.flow.responseHead(received, facts.headers);
      const status = plan.status ?? received;
      const statusText = status === received ? receivedText : (STATUS_CODES[status] ?? '');
      const bodiless = this.#call.client.headOnly || status === 204 || status === 304 || status === 205;
      const codings = parseCodings(facts.contentEncoding);
      const head: Head = { status, statusText, facts, plan, codings, bodiless };
      if (plan.type === 'hold' && !bodiless) this.#hold(head);
      else if (plan.type === 'gate' && codings === undefined && !bodiless)
        this.#undecodable(facts.contentEncoding);
      else this.#open(head);
    });
  }

  data(chunk: Uint8Array): boolean {
    if (this.#life.finished) return true;
    try {
      if (this.#body !== undefined) return this.#body.push(chunk);
      const verdict = this.#held?.push(chunk);
      return verdict === undefined || this.#release(verdict);
    } catch (error) {
      this.#life.defect(error);
      return true;
    }
  }

  end(trailers: RawHeaders): void {
    if (this.#life.finished) return;
    this.#life.upstream = undefined;
    this.#life.guarded(() => {
      if (this.#body !== undefined || this.#held === undefined) {
        this.#body?.finish(trailers);
        return;
      }
      const verdict = this.#held.judge();
      if ('type' in verdict) this.#conclude(verdict, trailers);
      else {
        verdict.then(
          (settled) => this.#life.guarded(() => this.#conclude(settled, trailers)),
          this.#life.defect,
        );
      }
    });
  }

  error(error: OutgoingError): void {
    if (this.#life.finished) return;
    this.#life.upstream = undefined;
    if (!this.#life.answered && this.#life.sendAgain?.(error.code)) return;
    this.#life.upstreamFailed(error.code, error.message);
  }

  // ---- the head's way down ----

  #hold({ status, statusText, facts, plan, codings }: Head): void {
    const headers = editHeaders(facts.headers, plan.setHeaders, plan.removeHeaders);
    const head = { status, statusText, headers, codings, maxBytes: plan.maxBytes ?? 0 };
    this.#held = new HeldResponse({ ...head, trailers: this.#mayHaveTrailers(facts) }, this.#call.flow);
    this.#life.receiving = this.#held;
  }

  #open({ status, statusText, facts, plan, codings, bodiless }: Head): void {
    if (plan.type === 'tap' && codings === undefined) {
      this.#call.edge.incident('response-undecodable', facts.contentEncoding ?? UNENCODED);
    }
    const seen = codings === undefined || plan.type === 'hold' ? 'pass' : plan.type;
    const rewritten = seen === 'gate' && !bodiless;
    const headers = rewritten ? withoutHeaders(facts.headers, BODY_BOUND_HEADERS) : facts.headers;
    this.#body = new ResponseBody(this.#call.client, this.#call.flow, {
      plan: seen,
      codings: codings ?? [],
      discardOutput: bodiless,
      /** A body that was promised at a given length, or in a coding, can't be ended early and still look whole. */
      endable: rewritten || (facts.contentLength === undefined && (codings?.length ?? 0) === 0),
      owner: this,
    });
    this.#life.receiving = this.#body;
    this.#sendHead(status, statusText, editHeaders(headers, plan.setHeaders, plan.removeHeaders), {
      endsHere: bodiless || (facts.trailersOnly && facts.contentLength === undefined),
      flush: facts.eventStream || facts.contentLength === undefined || rewritten,
      trailers: this.#mayHaveTrailers(facts),
    });
  }

  #mayHaveTrailers(facts: ResponseFacts): boolean {
    return this.#call.facts.needsHttp2 || facts.announcesTrailers;
  }

  #sendHead(status: number, statusText: string, headers: RawHeaders, options: HeadOptions): void {
    try {
      this.#call.client.head(status, statusText, headers, options);
      this.#life.headSent = true;
    } catch (error) {
      // Characters or a status that this HTTP version forbids: the upstream's fault, not the flow's.
      this.#life.abortUpstream();
      const message = error instanceof Error ? error.message : 'malformed response head';
      this.#life.upstreamFailed('protocol-error', message);
    }
  }

  #undecodable(encoding: string | undefined): void {
    this.#call.edge.incident('response-undecodable', encoding ?? UNENCODED);
    this.#life.abortUpstream();
    this.#life.answer(
      errorAnswer(502, 'undecodable', `Postern can't check an answer in the content coding "${encoding}".`),
    );
    this.#life.finish('upstream-failed', 'undecodable');
  }

  // ---- a held answer ----

  /** Only for a body that is complete. */
  #conclude(verdict: ResponseVerdict, trailers: RawHeaders): void {
    if (this.#life.finished) return;
    this.#release(verdict);
    this.#body?.finish(trailers);
  }

  /** Lets go of a held answer, or puts ours in its place; what follows of it is passed on. False: wait. */
  #release(verdict: ResponseVerdict): boolean {
    const held = this.#held;
    if (held === undefined) return true;
    if (verdict.type === 'refuse') {
      this.#life.abortUpstream();
      this.#life.answer(verdict.response);
      this.#life.finish('refused', undefined);
      return true;
    }
    const { status, statusText, trailers } = held.head;
    const { body } = verdict;
    const headers = body === undefined ? held.head.headers : held.headersFor(body);
    const passed = { plan: 'pass', codings: [], discardOutput: false, endable: false, owner: this } as const;
    this.#body = new ResponseBody(this.#call.client, this.#call.flow, passed);
    this.#life.receiving = this.#body;
    this.#sendHead(status, statusText, headers, { endsHere: false, flush: false, trailers });
    if (this.#life.finished) return true;
    let ready = true;
    for (const chunk of body === undefined ? held.take() : [body]) ready = this.#body.push(chunk) && ready;
    if (body === undefined) return ready;
    // Ours is complete; what the upstream may still send of its own is not wanted.
    this.#life.abortUpstream();
    this.#body.finish([]);
    return true;
  }

  // ---- what the body reports (ResponseOwner) ----

  bodyComplete(): void {
    this.#life.discardRequest();
    this.#life.finish('complete', undefined);
  }

  bodyCut(): void {
    this.#life.abortUpstream();
    this.#life.discardRequest();
    this.#life.finish('cut', undefined);
  }

  bodyReady(): void {
    this.#life.upstream?.resume();
  }

  /** A tapped body stopped making sense; the client gets it as it is. */
  bodyUnreadable(error: Error): void {
    this.#call.edge.incident('response-undecodable', error.message);
  }

  bodyUndecodable(error: Error): void {
    this.#call.edge.incident('response-undecodable', error.message);
    this.#life.abortUpstream();
    this.#call.client.abort();
    this.#life.finish('upstream-failed', 'undecodable');
  }

  bodyThrew(error: unknown): void {
    this.#life.defect(error);
  }

  // ---- the client's side ----

  clientDrained(): void {
    this.#body?.clientDrained();
  }

  /** True once the client has all of it, though our copy may still be on its way through the decoder. */
  get clientEnded(): boolean {
    return this.#body?.clientEnded ?? false;
  }
}

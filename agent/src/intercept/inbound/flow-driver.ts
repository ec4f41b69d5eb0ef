/** Drives one flow from request head to `finish`: the journey of one call, top to bottom, in the order of the port. */
import type { Authority, RawHeaders } from '../../core/connection.ts';
import type {
  Flow,
  FlowOutcome,
  LocalResponse,
  RequestPlan,
  RequestVerdict,
  ResponseVerdict,
  WebSocketPlan,
} from '../../core/flow.ts';
import type {
  OutgoingError,
  UpstreamCall,
  UpstreamHandler,
  UpstreamRequest,
  WebSocketOutcome,
} from '../ports.ts';
import { DEFECT, errorAnswer } from './answers.ts';
import { type Client, type ClientEvents, discard, type HeadOptions } from './client.ts';
import { decodeBody, parseCodings } from './content-coding.ts';
import type { Edge } from './edge.ts';
import { HeldResponse } from './held-response.ts';
import { BodyBridge, collectBody } from './request-body.ts';
import type { HeadFacts } from './request-head.ts';
import { ResponseBody } from './response-body.ts';
import {
  BODY_BOUND_HEADERS,
  editHeaders,
  readResponseHead,
  withHeaders,
  withoutHeaders,
} from './response-head.ts';

/** What the driver is given: the call as the edge read it. */
export interface DrivenCall {
  readonly edge: Edge;
  readonly client: Client;
  readonly flow: Flow;
  readonly target: Authority;
  readonly scheme: 'https' | 'http';
  readonly facts: HeadFacts;
  readonly hasBody: boolean;
  /** False for plain requests to hosts that nobody listed: forwarded, not looked at. */
  readonly inspected: boolean;
  /** Monotonic, when the request head was complete. */
  readonly startedAtMs: number;
  /** How the request leaves, where it is not a pooled call: WebSocket upgrades. */
  readonly dispatch?: (target: Authority, request: UpstreamRequest, driver: FlowDriver) => UpstreamCall;
}

type Forward = Extract<RequestVerdict, { type: 'forward' }> | Extract<RequestPlan, { type: 'stream' }>;
type Body = Uint8Array | BodyBridge | undefined;

const NOTHING = new Uint8Array(0);
const UNENCODED = 'identity';

export class FlowDriver implements UpstreamHandler, ClientEvents {
  readonly #call: DrivenCall;
  #upstream: UpstreamCall | undefined;
  #bridge: BodyBridge | undefined;
  #response: ResponseBody | undefined;
  #held: HeldResponse | undefined;
  #headSent = false;
  #finished = false;
  #clientGone = false;
  #requestBytes = 0;
  #readingSinceMs = 0;
  #readingMs = 0;
  #addedMs: number | undefined;

  constructor(call: DrivenCall) {
    this.#call = call;
  }

  start(): void {
    this.#call.client.events = this;
    this.#call.edge.flowOpened();
    this.#guarded(() => {
      const plan = this.#call.flow.requestPlan;
      if (plan.type === 'refuse') this.#refuse(plan.response);
      else if (plan.type === 'hold') this.#hold(plan.maxBytes);
      else this.#send(plan, this.#call.hasBody ? this.#openBridge() : undefined);
    });
  }

  // ---- request ----

  #hold(maxBytes: number): void {
    const { client, facts, hasBody } = this.#call;
    if (!hasBody) {
      this.#verdictOn(NOTHING, undefined);
      return;
    }
    const codings = parseCodings(facts.contentEncoding);
    const unencoded = codings?.length === 0;
    if (unencoded && facts.contentLength !== undefined && facts.contentLength > maxBytes) {
      const verdict = this.#call.flow.requestBodyFailed('too-large');
      this.#carryOut(
        verdict,
        verdict.type === 'forward' && verdict.body === undefined ? this.#openBridge() : undefined,
      );
      return;
    }
    this.#readingSinceMs = performance.now();
    client.invite();
    collectBody(client.body, maxBytes, (body) =>
      this.#guarded(() => {
        this.#stopReadingClock();
        if (body.type === 'gone' || this.#finished) return; // clientClosed tells
        if (body.type === 'too-large') {
          const verdict = this.#call.flow.requestBodyFailed('too-large');
          return this.#carryOut(verdict, this.#openBridge(body.head));
        }
        this.#requestBytes = body.bytes.byteLength;
        if (unencoded) return this.#verdictOn(body.bytes, body.bytes);
        if (codings === undefined)
          return this.#carryOut(this.#call.flow.requestBodyFailed('undecodable'), body.bytes);
        void this.#decodeThenJudge(body.bytes, codings, maxBytes);
      }),
    );
  }

  async #decodeThenJudge(
    bytes: Buffer,
    codings: NonNullable<ReturnType<typeof parseCodings>>,
    maxBytes: number,
  ): Promise<void> {
    const decoded = await decodeBody(bytes, codings, maxBytes);
    this.#guarded(() => {
      if (this.#finished) return;
      if ('failed' in decoded) this.#carryOut(this.#call.flow.requestBodyFailed(decoded.failed), bytes);
      else this.#verdictOn(decoded.bytes, bytes);
    });
  }

  #verdictOn(decoded: Uint8Array, original: Uint8Array | undefined): void {
    const verdict = this.#call.flow.requestBody(decoded);
    if (!('then' in verdict)) {
      this.#carryOut(verdict, original);
      return;
    }
    verdict.then(
      (settled) => this.#guarded(() => this.#finished || this.#carryOut(settled, original)),
      (error: unknown) => this.#defect(error),
    );
  }

  #carryOut(verdict: RequestVerdict, original: Body): void {
    if (verdict.type === 'refuse') this.#refuse(verdict.response);
    else this.#send(verdict, original);
  }

  #send(forward: Forward, original: Body): void {
    if (this.#finished) return;
    const { edge, client, facts, scheme } = this.#call;
    const replacement = 'body' in forward ? forward.body : undefined;
    if (replacement !== undefined) this.#discardRequest();
    const body = replacement ?? original;
    const protocol = facts.needsHttp2 ? 'h2' : 'h1';
    this.#addedMs = performance.now() - this.#call.startedAtMs - this.#readingMs;
    const target = forward.target ?? this.#call.target;
    const request: UpstreamRequest = {
      scheme,
      method: facts.method,
      path: ('path' in forward ? forward.path : undefined) ?? facts.path,
      headers: this.#upstreamHeaders(forward, replacement, body, protocol),
      protocol,
      body,
    };
    const { dispatch } = this.#call;
    const upstream =
      dispatch?.(target, request, this) ?? edge.options.outgoing.request(target, request, this);
    // The handler may have been called to the end already.
    if (this.#finished) upstream.abort();
    else this.#upstream = upstream;
    if (body instanceof BodyBridge && !this.#finished) client.invite();
  }

  #upstreamHeaders(
    forward: Forward,
    replacement: Uint8Array | undefined,
    body: Body,
    protocol: 'h1' | 'h2',
  ): RawHeaders {
    const { facts } = this.#call;
    let headers: RawHeaders = facts.headers;
    if (replacement !== undefined) {
      headers = withHeaders(
        withoutHeaders(
          headers,
          BODY_BOUND_HEADERS.filter((name) => name !== 'content-length'),
        ),
        ['content-length', String(replacement.byteLength)],
      );
    } else if (body instanceof Uint8Array && facts.contentLength === undefined) {
      headers = [...headers, 'content-length', String(body.byteLength)];
    }
    if (protocol === 'h2') headers = [...headers, 'te', 'trailers'];
    return editHeaders(headers, forward.setHeaders, forward.removeHeaders);
  }

  #openBridge(head?: Buffer): BodyBridge {
    const { client } = this.#call;
    this.#bridge = new BodyBridge(client.body, () => client.requestTrailers(), head);
    return this.#bridge;
  }

  #refuse(response: LocalResponse): void {
    this.#addedMs ??= performance.now() - this.#call.startedAtMs - this.#readingMs;
    this.#answer(response);
    this.#finish('refused', undefined);
  }

  #answer(response: LocalResponse): void {
    this.#bridge?.destroy();
    this.#headSent = true;
    if (!this.#clientGone) this.#call.client.answer(response);
  }

  /** The rest of the request is of no use any more, but the connection may be. */
  #discardRequest(): void {
    if (!this.#call.hasBody) return;
    this.#bridge?.destroy();
    const { client } = this.#call;
    if (!this.#clientGone) discard(client.body, () => client.abort());
  }

  #stopReadingClock(): void {
    if (this.#readingSinceMs > 0) this.#readingMs = performance.now() - this.#readingSinceMs;
    this.#readingSinceMs = 0;
  }

  // ---- response (UpstreamHandler) ----

  informational(status: number, headers: RawHeaders): void {
    if (this.#finished || this.#headSent) return;
    try {
      this.#call.client.informational(status, readResponseHead(headers, this.#call.inspected).headers);
    } catch (error) {
      this.#call.edge.incident('informational-dropped', `${error}`);
    }
  }

  head(status: number, statusText: string, rawHeaders: RawHeaders): void {
    if (this.#finished) return;
    this.#guarded(() => {
      const { client, flow, inspected } = this.#call;
      const facts = readResponseHead(rawHeaders, inspected);
      const plan = flow.responseHead(status, facts.headers);
      const bodiless = client.headOnly || status === 204 || status === 304 || status === 205;
      const codings = parseCodings(facts.contentEncoding);
      if (plan.type === 'hold' && !bodiless) {
        const maxBytes = plan.maxBytes ?? 0;
        const edited = editHeaders(facts.headers, plan.setHeaders, undefined);
        this.#held = new HeldResponse({ status, statusText, headers: edited, codings, maxBytes }, flow);
        return;
      }
      if (plan.type === 'gate' && codings === undefined && !bodiless)
        return this.#undecodable(facts.contentEncoding);
      if (plan.type === 'tap' && codings === undefined) {
        this.#call.edge.incident('response-undecodable', facts.contentEncoding ?? UNENCODED);
      }
      const seen = codings === undefined || plan.type === 'hold' ? 'pass' : plan.type;
      const rewritten = seen === 'gate' && !bodiless;
      const headers = rewritten ? withoutHeaders(facts.headers, BODY_BOUND_HEADERS) : facts.headers;
      this.#response = new ResponseBody(client, flow, {
        plan: seen,
        codings: codings ?? [],
        discardOutput: bodiless,
        /** A body that was promised at a given length, or in a coding, can't be ended early and still look whole. */
        endable: rewritten || (facts.contentLength === undefined && (codings?.length ?? 0) === 0),
        owner: this,
      });
      this.#sendHead(status, statusText, editHeaders(headers, plan.setHeaders, undefined), {
        endsHere: bodiless || (facts.trailersOnly && facts.contentLength === undefined),
        flush: facts.eventStream || facts.contentLength === undefined || rewritten,
        trailers: this.#call.facts.needsHttp2,
      });
    });
  }

  #sendHead(status: number, statusText: string, headers: RawHeaders, options: HeadOptions): void {
    try {
      this.#call.client.head(status, statusText, headers, options);
      this.#headSent = true;
    } catch (error) {
      // Characters or a status that this HTTP version forbids: the upstream's fault, not the flow's.
      this.#abortUpstream();
      this.upstreamFailed(
        'protocol-error',
        error instanceof Error ? error.message : 'malformed response head',
      );
    }
  }

  data(chunk: Uint8Array): boolean {
    if (this.#finished) return true;
    try {
      if (this.#response !== undefined) return this.#response.push(chunk);
      const verdict = this.#held?.push(chunk);
      return verdict === undefined || this.#release(verdict);
    } catch (error) {
      this.#defect(error);
      return true;
    }
  }

  end(trailers: RawHeaders): void {
    if (this.#finished) return;
    this.#upstream = undefined;
    this.#guarded(() => {
      if (this.#response !== undefined || this.#held === undefined) {
        this.#response?.finish(trailers);
        return;
      }
      const verdict = this.#held.judge();
      if ('type' in verdict) this.#conclude(verdict, trailers);
      else {
        verdict.then(
          (settled) => this.#guarded(() => this.#conclude(settled, trailers)),
          (error: unknown) => this.#defect(error),
        );
      }
    });
  }

  /** Only for a body that is complete. */
  #conclude(verdict: ResponseVerdict, trailers: RawHeaders): void {
    if (this.#finished) return;
    this.#release(verdict);
    this.#response?.finish(trailers);
  }

  /** Lets go of a held answer, or puts ours in its place; what follows of it is passed on. False: wait. */
  #release(verdict: ResponseVerdict): boolean {
    const held = this.#held;
    if (held === undefined) return true;
    if (verdict.type === 'refuse') {
      this.#abortUpstream();
      this.#answer(verdict.response);
      this.#finish('refused', undefined);
      return true;
    }
    const { body } = verdict;
    const { client, flow } = this.#call;
    const { status, statusText } = held.head;
    const headers = body === undefined ? held.head.headers : held.headersFor(body);
    this.#response = new ResponseBody(client, flow, {
      plan: 'pass',
      codings: [],
      discardOutput: false,
      endable: false,
      owner: this,
    });
    const trailersMayCome = this.#call.facts.needsHttp2;
    this.#sendHead(status, statusText, headers, { endsHere: false, flush: false, trailers: trailersMayCome });
    if (this.#finished) return true;
    let ready = true;
    for (const chunk of body === undefined ? held.take() : [body])
      ready = this.#response.push(chunk) && ready;
    if (body === undefined) return ready;
    // Ours is complete; what the upstream may still send of its own is not wanted.
    this.#abortUpstream();
    this.#response.finish([]);
    return true;
  }

  error(error: OutgoingError): void {
    if (this.#finished) return;
    this.#upstream = undefined;
    this.upstreamFailed(error.code, error.message);
  }

  // ---- what the response body reports ----

  bodyComplete(): void {
    this.#discardRequest();
    this.#finish('complete', undefined);
  }

  bodyCut(): void {
    this.#abortUpstream();
    this.#discardRequest();
    this.#finish('cut', undefined);
  }

  bodyReady(): void {
    this.#upstream?.resume();
  }

  /** A tapped body stopped making sense; the client gets it as it is. */
  bodyUnreadable(error: Error): void {
    this.#call.edge.incident('response-undecodable', error.message);
  }

  bodyUndecodable(error: Error): void {
    this.#call.edge.incident('response-undecodable', error.message);
    this.#abortUpstream();
    this.#call.client.abort();
    this.#finish('upstream-failed', 'undecodable');
  }

  bodyThrew(error: unknown): void {
    this.#defect(error);
  }

  // ---- the client's side (ClientEvents) ----

  clientDrained(): void {
    this.#response?.clientDrained();
  }

  clientClosed(): void {
    this.#clientGone = true;
    // Our copy of a tapped body may still be on its way through the decoder after the client had all of it.
    if (this.#finished || this.#response?.clientEnded) return;
    this.#abortUpstream();
    this.#bridge?.destroy();
    this.#finish('client-aborted', undefined);
  }

  // ---- WebSocket ----

  openWebSocket(): WebSocketPlan {
    return this.#call.flow.openWebSocket();
  }

  /** The upstream accepted an upgrade: the sockets are the relay's from here on. */
  switchProtocols(): void {
    this.#call.client.events = undefined;
    this.#upstream = undefined;
    this.#headSent = true;
    this.#call.edge.flowSwitched();
  }

  finishWebSocket(outcome: WebSocketOutcome): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#tell({ ...outcome, addedMs: this.#addedMs ?? 0 });
    this.#call.edge.webSocketClosed();
  }

  // ---- endings ----

  upstreamFailed(code: string, message: string): void {
    if (this.#headSent) this.#call.client.abort();
    else {
      const status = code.endsWith('-timeout') ? 504 : code === 'target-forbidden' ? 403 : 502;
      this.#answer(
        errorAnswer(status, code, `Postern could not reach ${this.#call.target.host}: ${message}`),
      );
    }
    this.#finish('upstream-failed', code);
  }

  #undecodable(encoding: string | undefined): void {
    this.#call.edge.incident('response-undecodable', encoding ?? UNENCODED);
    this.#abortUpstream();
    this.#answer(
      errorAnswer(502, 'undecodable', `Postern can't check an answer in the content coding "${encoding}".`),
    );
    this.#finish('upstream-failed', 'undecodable');
  }

  #guarded(step: () => unknown): void {
    try {
      step();
    } catch (error) {
      this.#defect(error);
    }
  }

  #defect(error: unknown): void {
    this.#call.edge.flowThrew(error);
    if (this.#finished) return;
    this.#abortUpstream();
    try {
      if (this.#headSent) this.#call.client.abort();
      else this.#answer(DEFECT);
    } catch {
      this.#call.client.abort();
    }
    this.#finish('upstream-failed', 'postern-defect');
  }

  #abortUpstream(): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    upstream?.abort();
  }

  #finish(result: FlowOutcome['result'], cause: string | undefined): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#response?.destroy();
    this.#stopReadingClock();
    this.#tell({
      result,
      cause,
      requestBytes: this.#bridge?.bytes ?? this.#requestBytes,
      responseBytes: this.#response?.bytes ?? this.#held?.bytes ?? 0,
      addedMs: this.#addedMs ?? performance.now() - this.#call.startedAtMs - this.#readingMs,
    });
    this.#call.edge.flowClosed();
  }

  #tell(outcome: FlowOutcome): void {
    try {
      this.#call.flow.finish(outcome);
    } catch (error) {
      this.#call.edge.flowThrew(error);
    }
  }
}

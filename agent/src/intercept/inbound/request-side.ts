/** A flow's request: held, decoded and judged, or streamed; then sent as the verdict says, or refused. */
import type { Authority, RawHeaders } from '../../core/connection.ts';
import type { RequestPlan, RequestVerdict } from '../../core/flow.ts';
import type { UpstreamCall, UpstreamRequest } from '../ports.ts';
import { formatAuthority } from './authority.ts';
import { type Coding, decodeBody, parseCodings } from './content-coding.ts';
import type { CallFacts } from './driven-call.ts';
import type { FlowLife } from './flow-life.ts';
import { BodyBridge, collectBody } from './request-body.ts';
import { BODY_BOUND_HEADERS, editHeaders, withHeaders, withoutHeaders } from './response-head.ts';

type Forward = Extract<RequestVerdict, { type: 'forward' }> | Extract<RequestPlan, { type: 'stream' }>;
type Body = Uint8Array | BodyBridge | undefined;

const NOTHING = new Uint8Array(0);

export class RequestSide {
  readonly #life: FlowLife;
  readonly #call: CallFacts;
  #attempts = 0;
  readonly #dispatch: (target: Authority, request: UpstreamRequest) => UpstreamCall;

  constructor(life: FlowLife, dispatch: (target: Authority, request: UpstreamRequest) => UpstreamCall) {
    this.#life = life;
    this.#call = life.call;
    this.#dispatch = dispatch;
  }

  carryOutPlan(plan: RequestPlan): void {
    if (plan.type === 'refuse') this.#life.refuse(plan.response);
    else if (plan.type === 'hold') this.#hold(plan.maxBytes);
    else this.#send(plan, this.#call.hasBody ? this.#openBridge() : undefined);
  }

  #hold(maxBytes: number): void {
    const { client, facts, flow, hasBody } = this.#call;
    if (!hasBody) {
      this.#verdictOn(NOTHING, undefined);
      return;
    }
    const codings = parseCodings(facts.contentEncoding);
    if (codings?.length === 0 && facts.contentLength !== undefined && facts.contentLength > maxBytes) {
      this.#when(flow.requestBodyFailed('too-large'), (verdict) => {
        const unchanged = verdict.type === 'forward' && verdict.body === undefined;
        this.#carryOut(verdict, unchanged ? this.#openBridge() : undefined);
      });
      return;
    }
    this.#life.startReading();
    client.invite();
    collectBody(client.body, maxBytes, (body) =>
      this.#life.guarded(() => {
        this.#life.stopReading();
        if (body.type === 'gone' || this.#life.finished) return; // clientClosed tells
        if (body.type === 'too-large') {
          const rest = this.#openBridge(body.head);
          return this.#when(flow.requestBodyFailed('too-large'), (verdict) => this.#carryOut(verdict, rest));
        }
        this.#judge(body.bytes, codings, maxBytes);
      }),
    );
  }

  #judge(bytes: Buffer, codings: readonly Coding[] | undefined, maxBytes: number): void {
    this.#life.requestBytes = bytes.byteLength;
    if (codings === undefined) this.#undecoded('undecodable', bytes);
    else if (codings.length === 0) this.#verdictOn(bytes, bytes);
    else void this.#decodeThenJudge(bytes, codings, maxBytes);
  }

  async #decodeThenJudge(bytes: Buffer, codings: readonly Coding[], maxBytes: number): Promise<void> {
    const decoded = await decodeBody(bytes, codings, maxBytes);
    this.#life.guarded(() => {
      if (this.#life.finished) return;
      if ('failed' in decoded) this.#undecoded(decoded.failed, bytes);
      else this.#verdictOn(decoded.bytes, bytes);
    });
  }

  /** Its content-encoding may be a lie that the server doesn't look at, so the bytes themselves are shown too. */
  #undecoded(why: 'too-large' | 'undecodable', bytes: Buffer): void {
    this.#when(this.#call.flow.requestBodyFailed(why, bytes), (verdict) => this.#carryOut(verdict, bytes));
  }

  #verdictOn(decoded: Uint8Array, original: Uint8Array | undefined): void {
    this.#when(this.#call.flow.requestBody(decoded), (verdict) => this.#carryOut(verdict, original));
  }

  #when(
    verdict: RequestVerdict | Promise<RequestVerdict>,
    carryOut: (verdict: RequestVerdict) => void,
  ): void {
    if (!('then' in verdict)) {
      carryOut(verdict);
      return;
    }
    verdict.then(
      (settled) => this.#life.guarded(() => this.#life.finished || carryOut(settled)),
      this.#life.defect,
    );
  }

  #carryOut(verdict: RequestVerdict, original: Body): void {
    if (verdict.type === 'refuse') this.#life.refuse(verdict.response);
    else this.#send(verdict, original);
  }

  #send(forward: Forward, original: Body): void {
    const life = this.#life;
    if (life.finished) return;
    const { client, facts, scheme } = this.#call;
    const replacement = 'body' in forward ? forward.body : undefined;
    if (replacement !== undefined) life.discardRequest();
    const body = replacement ?? original;
    const protocol = facts.needsHttp2 ? 'h2' : 'h1';
    life.sent();
    life.sendAgain = original instanceof BodyBridge ? undefined : (cause) => this.#sendAgain(cause, original);
    const attempt = ++this.#attempts;
    const upstream = this.#dispatch(forward.target ?? this.#call.target, {
      scheme: ('scheme' in forward ? forward.scheme : undefined) ?? scheme,
      method: facts.method,
      path: ('path' in forward ? forward.path : undefined) ?? facts.path,
      headers: this.#headers(forward, replacement, body, protocol),
      protocol,
      body,
    });
    // The handler may have been called to the end already.
    if (life.finished) upstream.abort();
    else if (attempt === this.#attempts) life.upstream = upstream;
    if (body instanceof BodyBridge && !life.finished) client.invite();
  }

  #sendAgain(cause: string, original: Body): boolean {
    const verdict = this.#call.flow.sendFailed?.(cause);
    if (verdict === undefined) return false;
    this.#life.guarded(() => this.#carryOut(verdict, original));
    return true;
  }

  #headers(
    forward: Forward,
    replacement: Uint8Array | undefined,
    body: Body,
    protocol: 'h1' | 'h2',
  ): RawHeaders {
    const { facts } = this.#call;
    let headers: RawHeaders = facts.headers;
    if (replacement !== undefined) {
      const unbound = BODY_BOUND_HEADERS.filter((name) => name !== 'content-length');
      const length = ['content-length', String(replacement.byteLength)];
      headers = withHeaders(withoutHeaders(headers, unbound), length);
    } else if (body instanceof Uint8Array && facts.contentLength === undefined) {
      headers = [...headers, 'content-length', String(body.byteLength)];
    }
    if (forward.target !== undefined) {
      const to = 'scheme' in forward ? forward.scheme : undefined;
      headers = withHeaders(headers, ['Host', formatAuthority(forward.target, to ?? this.#call.scheme)]);
    }
    if (protocol === 'h2') headers = [...headers, 'te', 'trailers'];
    return editHeaders(headers, forward.setHeaders, forward.removeHeaders);
  }

  #openBridge(head?: Buffer): BodyBridge {
    const { client } = this.#call;
    this.#life.bridge = new BodyBridge(client.body, () => client.requestTrailers(), head);
    return this.#life.bridge;
  }
}

import { headerValue, type RawHeaders } from '../core/connection.ts';
import { type Decision, isRefusal } from '../core/decision.ts';
import type { ExchangeRequest } from '../core/exchange.ts';
import type {
  Flow,
  FlowOutcome,
  RequestHead,
  RequestPlan,
  RequestVerdict,
  ResponseCommand,
  ResponsePlan,
  ResponseVerdict,
  WebSocketPlan,
} from '../core/flow.ts';
import type { ProcessIdentity } from '../core/process.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { decideHead, decideRequest, decideUnread } from '../decide/decide.ts';
import type { CallContext, RequestContext } from '../decide/evaluation.ts';
import type { Location } from '../decide/location.ts';
import { patchJsonBytes } from '../recognise/json/patch.ts';
import { isBodySigned, withoutEdits } from '../recognise/signed-body.ts';
import { afford, editsOf } from './afford.ts';
import { callOf, pendingDecision } from './call-of.ts';
import { isBrowserChallenge } from './challenged-hosts.ts';
import { ExchangeLog } from './exchange-log.ts';
import { GovernedSocket } from './governed-socket.ts';
import { headPlan, MAX_HELD_BYTES } from './head-plan.ts';
import { lateReport } from './late-findings.ts';
import type { JourneyPorts } from './ports.ts';
import { LARGE_BODY_BYTES, type ReadBody, readBody, readLargeBody } from './read-body.ts';
import { DECISION_HEADER, refusalResponse } from './refuse.ts';
import { type BodyJudgement, openReader, type ResponseReader } from './response-reader.ts';
import { isRouted, routeCall } from './routed-call.ts';
import { MAX_ERROR_BYTES, RoutedFlow } from './routed-flow.ts';
import { type Searched, searchRequest, withoutContents } from './search-request.ts';

/** One request on a governed host, from its head to its record. The policy it began with stays its policy. */
export class GovernedFlow implements Flow {
  readonly requestPlan: RequestPlan;
  readonly #ports: JourneyPorts;
  readonly #policy: CompiledPolicy;
  readonly #head: RequestHead;
  readonly #call: CallContext;
  readonly #log: ExchangeLog;
  #exchange: ExchangeRequest | undefined;
  #reader: ResponseReader | undefined;
  #socket: GovernedSocket | undefined;
  #routed: RoutedFlow | undefined;
  /** Decided by the head alone, and still to be routed. */
  readonly #passed: Decision | undefined;
  /** Settles once services that nobody waits for have spoken; the record waits for them. */
  #late: Promise<void> | undefined;
  #finished = false;
  readonly #onChallenge: (() => void) | undefined;

  /** `onChallenge`: the site asked for proof that a browser is calling. */
  constructor(
    ports: JourneyPorts,
    policy: CompiledPolicy,
    head: RequestHead,
    location: Location,
    process: ProcessIdentity | undefined,
    onChallenge?: () => void,
  ) {
    this.#onChallenge = onChallenge;
    this.#ports = ports;
    this.#policy = policy;
    this.#head = head;
    this.#call = callOf(ports, policy, head, location, process);
    const verdict = decideHead(policy, this.#call);
    const judged = verdict.type === 'read' ? pendingDecision(policy, this.#call) : verdict.decision;
    const { plan, decision } = headPlan({ ports, policy, head, call: this.#call, verdict, judged });
    this.#passed = verdict.type === 'pass' ? decision : undefined;
    this.#log = new ExchangeLog(ports, this.#call.nowMs, head.authority.host, location.operation, decision);
    if (plan.type === 'refuse')
      this.#log.status = plan.response.status === 400 ? undefined : plan.response.status;
    this.requestPlan = plan;
  }

  requestBody(body: Uint8Array): RequestVerdict | Promise<RequestVerdict> {
    if (this.#passed !== undefined) return this.#carryOut(this.#passed, undefined);
    return this.#read(body, (read) => this.#judge(read, body));
  }

  /** Bytes whose content-encoding is unknown or wrong are searched as they are: not every server looks at it. */
  requestBodyFailed(
    why: 'too-large' | 'undecodable',
    raw?: Uint8Array,
  ): RequestVerdict | Promise<RequestVerdict> {
    if (this.#passed !== undefined) return this.#carryOut(this.#passed, undefined);
    if (why === 'too-large' || raw === undefined) return this.#unread(why);
    return this.#read(raw, (read) =>
      read.ok ? this.#judge({ ...read, exchange: asUnread(read.exchange) }, raw, true) : this.#unread(why),
    );
  }

  #read(
    body: Uint8Array,
    judge: (read: ReadBody) => RequestVerdict | Promise<RequestVerdict>,
  ): RequestVerdict | Promise<RequestVerdict> {
    const { location } = this.#call;
    const contentType = headerValue(this.#head.headers, 'content-type') ?? '';
    const { pause } = this.#ports;
    if (body.length <= LARGE_BODY_BYTES || pause === undefined)
      return judge(readBody(body, location, this.#head.path, contentType));
    return readLargeBody(body, location, this.#head.path, contentType, pause).then(judge);
  }

  #judge(read: ReadBody, body: Uint8Array, undecodable = false): RequestVerdict | Promise<RequestVerdict> {
    if (!read.ok) return this.#unread(read.why);
    const exchange = isBodySigned(this.#head.headers) ? withoutEdits(read.exchange) : read.exchange;
    this.#exchange = withoutContents(exchange);
    this.#log.readRequest(this.#exchange);
    const subject = { exchange, bytes: body.length, nowMs: this.#call.nowMs };
    const decide = (searched: Searched): RequestVerdict => {
      this.#log.searched(this.#policy.scan.request.detectors, searched.findings);
      const request = { ...this.#call, ...subject, ...searched, undecodable };
      const decision = decideRequest(this.#policy, request);
      // What is inside attachments is sent, and charged, as the files that they are.
      const verdict = this.#carryOut(decision, read.editable && !undecodable ? body : undefined, {
        ...request,
        exchange,
      });
      this.#late = lateReport(this.#policy, request, searched, this.#log);
      return verdict;
    };
    const searched = searchRequest(this.#ports, this.#policy, subject);
    return searched instanceof Promise ? searched.then(decide) : decide(searched);
  }

  #unread(why: 'too-large' | 'undecodable'): RequestVerdict {
    const decision = decideUnread(this.#policy, this.#call, why === 'too-large' ? 'oversized' : 'unreadable');
    return this.#carryOut(decision, undefined);
  }

  #carryOut(judged: Decision, json: Uint8Array | undefined, request?: RequestContext): RequestVerdict {
    const { location } = this.#call;
    const { routed, turn, ...routing } = routeCall({
      ports: this.#ports,
      policy: this.#policy,
      head: this.#head,
      call: this.#call,
      decision: judged,
      exchange: request?.exchange,
      json,
    });
    const untouched = routing.decision.mode === 'tunnel';
    if (untouched) this.#exchange = undefined;
    const key = routed?.key?.name;
    const counted = untouched ? undefined : request && { ...request, ...(key !== undefined && { key }) };
    const afforded = afford(this.#ports, this.#policy, counted, routing.decision, {
      path: this.#head.path,
      // A signed body can't name another model.
      json: () =>
        json === undefined || isBodySigned(this.#head.headers)
          ? undefined
          : Buffer.from(json).toString('utf8'),
    });
    const { spend } = afforded;
    const path = afforded.path ?? this.#head.path;
    const edits = editsOf(afforded);
    const sent = isRefusal(afforded.decision.effective)
      ? undefined
      : routed?.send(afforded.decision, path, edits);
    const decision = sent?.decision ?? afforded.decision;
    this.#log.decision = decision;
    if (isRefusal(decision.effective)) {
      spend?.abandon();
      const { waitMs } = afforded;
      const again = waitMs === undefined ? undefined : { status: 429, retryAfterMs: waitMs };
      return { type: 'refuse', response: refusalResponse(decision, location.dialect, again) };
    }
    // The client went away while the request was checked: nothing will be sent, nor charged.
    if (this.#finished) spend?.abandon();
    else this.#log.spend = spend;
    this.#log.sent = true;
    const direct = (): RequestVerdict => {
      const body = edits.length === 0 || json === undefined ? undefined : patchJsonBytes(json, edits);
      return {
        type: 'forward',
        ...(body !== undefined && { body }),
        ...(path !== this.#head.path && { path }),
      };
    };
    const { mode } = decision;
    if (turn !== undefined && (isRouted(mode) || mode === 'direct'))
      this.#ports.turns?.took(turn.id, { mode, key: routed?.key }, this.#call.nowMs);
    if (routed === undefined || sent?.verdict === undefined) return direct();
    this.#routed = new RoutedFlow({
      ports: this.#ports,
      call: this.#call,
      log: this.#log,
      routed,
      turn,
      path,
      edits,
      direct,
    });
    return sent.verdict;
  }

  sendFailed(cause: string): RequestVerdict | undefined {
    return this.#routed?.sendFailed(cause);
  }

  responseHead(status: number, headers: RawHeaders): ResponsePlan {
    const type = this.#routed?.answerType(status, headers);
    const plan = this.#answerPlan(status, type === undefined ? headers : ['content-type', type, ...headers]);
    if (this.#routed === undefined) return plan;
    const setHeaders = [...(plan.setHeaders ?? []), ...(type === undefined ? [] : ['content-type', type])];
    // A session of the gateway's would be shown to the provider, whose name the app knows it by.
    return { ...plan, setHeaders, removeHeaders: ['set-cookie'] };
  }

  #answerPlan(status: number, headers: RawHeaders): ResponsePlan {
    this.#log.status = status;
    if (isBrowserChallenge(headers)) this.#onChallenge?.();
    const setHeaders = [DECISION_HEADER, this.#log.decision.id, ...(this.#log.spend?.headers() ?? [])];
    if (this.#routed?.judges(status, headers) === true)
      return { type: 'hold', setHeaders, maxBytes: MAX_ERROR_BYTES };
    const told = this.#routed?.warned === true ? { status: 200 } : {};
    if (this.#exchange === undefined || status < 200 || status > 299)
      return { type: 'pass', setHeaders, ...told };
    this.#reader = openReader({
      ports: this.#ports,
      policy: this.#policy,
      call: this.#call,
      exchange: this.#exchange,
      log: this.#log,
      contentType: headerValue(headers, 'content-type'),
    });
    const { plan = 'pass', late } = this.#reader ?? {};
    const usual: ResponsePlan = {
      type: plan,
      setHeaders,
      maxBytes: MAX_HELD_BYTES,
      ...(late !== undefined && { late }),
    };
    if (this.#routed?.warned !== true) return usual;
    // Only an unstreamed answer can be asked what the warning is about.
    const whole = this.#reader !== undefined && !this.#exchange.stream;
    if (!whole) this.#routed.tellWarning();
    return whole ? { type: 'hold', setHeaders, maxBytes: MAX_HELD_BYTES, ...told } : { ...usual, ...told };
  }

  responseData(chunk: Uint8Array): readonly ResponseCommand[] {
    return this.#reader?.data(chunk) ?? [];
  }

  responseEnd(): readonly ResponseCommand[] {
    return this.#reader?.end() ?? [];
  }

  responseBody(body: Uint8Array): ResponseVerdict | Promise<ResponseVerdict> {
    const refused = this.#routed?.judge(body);
    if (refused !== undefined) return refused;
    if (this.#routed?.warned === true) this.#routed.tellWarning(body);
    const judged = this.#reader?.judgeBody(body) ?? {};
    const verdictOf = (one: BodyJudgement): ResponseVerdict =>
      one.unreadable ? this.responseBodyFailed() : asVerdict(one);
    return judged instanceof Promise ? judged.then(verdictOf) : verdictOf(judged);
  }

  /** What can't be read can't be checked: every rule on answers has failed, and says what then. */
  responseBodyFailed(): ResponseVerdict {
    const refused = this.#routed?.judge(new Uint8Array(0));
    if (refused !== undefined) return refused;
    const action = this.#reader?.fail('could not read the answer') ?? 'allow';
    this.#reader?.conclude();
    if (action !== 'block') return { type: 'forward' };
    return { type: 'refuse', response: refusalResponse(this.#log.decision, this.#call.location.dialect) };
  }

  openWebSocket(): WebSocketPlan {
    this.#log.status = 101;
    // The upgrade itself carries no prompt: each call on the socket gets a record of its own.
    this.#log.operation = 'control';
    this.#socket = new GovernedSocket(this.#ports, this.#policy, this.#call, this.#head.path);
    return this.#socket;
  }

  finish(ended: FlowOutcome): void | Promise<void> {
    this.#finished = true;
    const outcome = this.#asTheCallerSawIt(ended);
    this.#reader?.close();
    this.#reader?.conclude();
    this.#socket?.close(outcome);
    const endedAtMs = this.#ports.nowMs();
    this.#log.settle(outcome, endedAtMs);
    const answer = this.#reader?.askBeside();
    const close = (): void => this.#log.close(outcome, endedAtMs);
    if (this.#late === undefined && answer === undefined) return close();
    const closed = Promise.all([this.#late, answer]).then(close);
    this.#ports.track?.(closed);
    return closed;
  }

  /** SDKs hang up at `[DONE]`, without waiting for the end of the body: they have the whole answer. */
  #asTheCallerSawIt(outcome: FlowOutcome): FlowOutcome {
    const reader = this.#reader;
    const whole = reader?.ended === true && reader.late?.waiting !== true;
    return outcome.result === 'client-aborted' && whole ? { ...outcome, result: 'complete' } : outcome;
  }
}

/** Whatever it looks like, nobody knows how the server reads it. */
const asUnread = (exchange: ExchangeRequest): ExchangeRequest => ({
  ...withoutEdits(exchange),
  dialect: 'opaque',
});
const asVerdict = ({ body, refuse }: BodyJudgement): ResponseVerdict => {
  if (refuse !== undefined) return { type: 'refuse', response: refuse };
  return body === undefined ? { type: 'forward' } : { type: 'forward', body };
};

import { type Decision, isRefusal } from '../core/decision.ts';
import type { Dialect, SocketMark } from '../core/dialect.ts';
import type { ExchangeRequest } from '../core/exchange.ts';
import type { FlowOutcome, ResponseCommand, WebSocketCommand, WebSocketPlan } from '../core/flow.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { decideRequest, decideUnread } from '../decide/decide.ts';
import type { CallContext, RequestContext } from '../decide/evaluation.ts';
import { refusalOf } from '../decide/refusal.ts';
import { dialectById } from '../recognise/dialects.ts';
import { patchJsonStrings } from '../recognise/json/patch.ts';
import { afford, editsOf } from './afford.ts';
import { ExchangeLog } from './exchange-log.ts';
import { notServed, withReason } from './gateway-words.ts';
import { lateReport } from './late-findings.ts';
import type { JourneyPorts } from './ports.ts';
import { readBody } from './read-body.ts';
import { ResponseReader } from './response-reader.ts';
import { isRouted } from './routed-call.ts';
import { type Searched, searchRequest, withoutContents } from './search-request.ts';
import { SocketLanes } from './socket-lanes.ts';
import { SocketLate } from './socket-late.ts';

/** RFC 6455 section 7.4.1. */
const POLICY_VIOLATION = 1008;
const FORWARD: readonly WebSocketCommand[] = [{ type: 'forward' }];
/** Of dialects that have one call at a time. */
const CALL: SocketMark = { type: 'call', lane: undefined, responseId: undefined };

interface OpenExchange {
  readonly log: ExchangeLog;
  readonly reader: ResponseReader | undefined;
  readonly late: Promise<void> | undefined;
  readonly requestBytes: number;
  responseBytes: number;
  /** All of it has come; some of it may still wait for another service. */
  ended: boolean;
}

/** A WebSocket that carries a dialect: each call made on it is an exchange of its own, with its own decision. */
export class GovernedSocket implements WebSocketPlan {
  readonly type: 'relay' | 'govern';
  readonly #ports: JourneyPorts;
  readonly #policy: CompiledPolicy;
  readonly #call: CallContext;
  readonly #path: string;
  readonly #dialect: Dialect | undefined;
  readonly #lanes = new SocketLanes<OpenExchange>();
  readonly late = new SocketLate();
  /** Answers that have come whole, of which some still waits. */
  readonly #settling = new Set<OpenExchange>();
  #closed = false;

  constructor(ports: JourneyPorts, policy: CompiledPolicy, call: CallContext, path: string) {
    this.#ports = ports;
    this.#policy = policy;
    this.#call = call;
    this.#path = path;
    this.#dialect = dialectById(call.location.dialect);
    this.type = this.#dialect?.refuseOnWebSocket === undefined ? 'relay' : 'govern';
  }

  message(
    from: 'client' | 'server',
    data: string | Uint8Array,
  ): readonly WebSocketCommand[] | Promise<readonly WebSocketCommand[]> {
    if (from === 'server') {
      // What comes after an answer must not overtake its end.
      if (this.#settling.size > 0) return this.late.settled().then(() => this.message(from, data));
      return typeof data === 'string' ? this.#fromServer(data) : FORWARD;
    }
    // A server may read JSON from a binary message too.
    return this.#fromClient(typeof data === 'string' ? data : Buffer.from(data).toString('utf8'));
  }

  /** The socket is gone: what was still being answered ends with it. */
  close(outcome: FlowOutcome): void {
    this.#closed = true;
    const unfinished = [...this.#lanes.takeAll(), ...this.#settling];
    this.#settling.clear();
    for (const exchange of unfinished)
      this.#finish(exchange, outcome.result === 'complete' ? 'client-aborted' : outcome.result);
  }

  #fromClient(text: string): readonly WebSocketCommand[] | Promise<readonly WebSocketCommand[]> {
    const bytes = Buffer.from(text, 'utf8');
    const call = { ...this.#call, id: this.#ports.newId(), nowMs: this.#ports.nowMs() };
    const read = readBody(bytes, call.location, this.#path, 'application/json');
    if (!read.ok) return this.#carryOut(call, decideUnread(this.#policy, call, 'oversized'), undefined, text);
    const subject = { exchange: read.exchange, bytes: bytes.length, nowMs: call.nowMs };
    const decide = (searched: Searched): readonly WebSocketCommand[] => {
      const request = { ...call, ...subject, ...searched };
      const decision = decideRequest(this.#policy, request);
      const asSent = { ...request, exchange: read.exchange };
      return this.#carryOut(call, decision, asSent, text, { request, searched });
    };
    const searched = searchRequest(this.#ports, this.#policy, subject);
    return searched instanceof Promise ? searched.then(decide) : decide(searched);
  }

  #carryOut(
    call: CallContext,
    judged: Decision,
    request: RequestContext | undefined,
    text: string,
    looked?: { readonly request: RequestContext; readonly searched: Searched },
  ): readonly WebSocketCommand[] {
    // The socket closed while the message was checked: it goes nowhere, and costs nothing.
    if (this.#closed) return [];
    const exchange = request && withoutContents(request.exchange);
    const afforded = afford(
      this.#ports,
      this.#policy,
      request,
      this.#policy.shadow ? judged : onSocket(judged),
      {
        path: this.#path,
        json: () => text,
      },
    );
    const { decision } = afforded;
    const { host, operation } = call.location;
    const log = new ExchangeLog(this.#ports, call.nowMs, host, operation, decision);
    log.status = 200;
    log.spend = afforded.spend;
    if (exchange !== undefined) log.readRequest(exchange);
    if (looked !== undefined) log.searched(this.#policy.scan.request.detectors, looked.searched.findings);
    const mark = this.#lanes.resolve(this.#dialect?.markOnWebSocket?.(text) ?? CALL);
    const open: OpenExchange = {
      log,
      reader: this.#readerOf(call, exchange, log, mark),
      late: looked && lateReport(this.#policy, looked.request, looked.searched, log),
      requestBytes: text.length,
      responseBytes: 0,
      ended: false,
    };
    if (isRefusal(decision.effective)) {
      log.status = 400;
      this.#finish(open, 'refused');
      return [{ type: 'reply', data: this.#dialect?.refuseOnWebSocket?.(refusalOf(decision), mark) ?? '' }];
    }
    if (open.reader === undefined) this.#finish(open, 'complete');
    else {
      this.#lanes.add(open, mark);
      if (open.reader.late !== undefined)
        this.late.add(open.reader.late, (commands) => this.#saidLate(open, commands));
    }
    const edits = editsOf(afforded);
    return edits.length === 0 ? FORWARD : [{ type: 'forward', data: patchJsonStrings(text, edits) }];
  }

  /** Only calls of the dialect are answered; other messages (session settings, audio) are complete in themselves. */
  #readerOf(
    call: CallContext,
    exchange: ExchangeRequest | undefined,
    log: ExchangeLog,
    mark: SocketMark,
  ): ResponseReader | undefined {
    if (exchange === undefined || exchange.dialect === 'opaque' || this.#dialect === undefined)
      return undefined;
    if (mark.type !== 'call' && mark.type !== 'steer') return undefined;
    const input = {
      ports: this.#ports,
      policy: this.#policy,
      call,
      exchange,
      log,
      contentType: undefined,
      lane: mark.lane,
    };
    return new ResponseReader(input, this.#dialect.openResponse(exchange), undefined, 'messages');
  }

  #fromServer(text: string): readonly WebSocketCommand[] {
    const mark = this.#dialect?.markOnWebSocket?.(text) ?? CALL;
    const current = this.#lanes.ownerOf(mark);
    const unanswered = this.#lanes.note(mark);
    for (const exchange of unanswered) this.#finish(exchange, 'complete');
    if (current?.reader === undefined || unanswered.includes(current)) return FORWARD;
    current.responseBytes += text.length;
    const commands = current.reader.message(text).flatMap((command): WebSocketCommand[] => {
      if (command.type === 'cut')
        return command.lastBytes === undefined ? [] : [{ type: 'forward', data: command.lastBytes }];
      const emitted = String(command.bytes);
      return emitted === text ? [{ type: 'forward' }] : [{ type: 'forward', data: emitted }];
    });
    if (current.reader.usedUp) {
      this.#lanes.end(current);
      this.#finish(current, 'cut');
      // The provider would go on answering, and charging, into a socket that nobody reads.
      return [...commands, { type: 'close', code: POLICY_VIOLATION, reason: 'budget used up' }];
    }
    if (current.reader.ended) {
      this.#lanes.end(current);
      current.ended = true;
      if (current.reader.late?.waiting) this.#settling.add(current);
      else this.#finish(current, 'complete');
    }
    return commands;
  }

  /** Another service has spoken about an answer. */
  #saidLate(exchange: OpenExchange, said: readonly ResponseCommand[]): readonly WebSocketCommand[] {
    if (exchange.ended && exchange.reader?.late?.waiting !== true && this.#settling.delete(exchange))
      this.#finish(exchange, 'complete');
    return said.flatMap((command): WebSocketCommand[] => {
      const data = command.type === 'cut' ? command.lastBytes : String(command.bytes);
      return data === undefined ? [] : [{ type: 'forward', data }];
    });
  }

  #finish({ log, reader, late, ...bytes }: OpenExchange, result: FlowOutcome['result']): void {
    if (reader?.late !== undefined) this.late.remove(reader.late);
    reader?.close();
    reader?.conclude();
    const endedAtMs = this.#ports.nowMs();
    const { requestBytes, responseBytes } = bytes;
    const outcome = { result, cause: undefined, requestBytes, responseBytes, addedMs: 0 };
    log.settle(outcome, endedAtMs);
    const answer = reader?.askBeside();
    if (late === undefined && answer === undefined) log.close(outcome, endedAtMs);
    else {
      const closed = Promise.all([late, answer]).then(() => log.close(outcome, endedAtMs));
      this.#ports.track?.(closed);
    }
  }
}

/** The socket leads to the provider: a call on it can't go through the gateway after all. */
function onSocket(decision: Decision): Decision {
  if (!isRouted(decision.mode) || isRefusal(decision.effective)) return decision;
  return withReason(
    decision,
    notServed('this connection leads to the provider itself; over HTTP it would go there'),
  );
}

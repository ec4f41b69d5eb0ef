import { type Action, type Decision, type Edit, stricter } from '../core/decision.ts';
import type { ResponseDecoder, SocketMark } from '../core/dialect.ts';
import type { ExchangeEvent, ExchangeRequest } from '../core/exchange.ts';
import { type Finding, isRequestDetector } from '../core/finding.ts';
import type { Late, LocalResponse, ResponseCommand } from '../core/flow.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { CallContext } from '../decide/evaluation.ts';
import { refusalOf } from '../decide/refusal.ts';
import { openResponse, type ResponseJudge } from '../decide/response.ts';
import { type BodyVerdict, redactBody } from '../enforce/body.ts';
import { needsGate, type Question, type Reply, type ResponseGuardrail } from '../enforce/guardrail.ts';
import {
  createResponseGate,
  type GateFrame,
  type ResponseGate,
  type ResponseGateOptions,
} from '../enforce/response-gate.ts';
import { dialectById } from '../recognise/dialects.ts';
import { RecogniseError } from '../recognise/errors.ts';
import type { Frame, Framer } from '../recognise/framing/frame.ts';
import { openFramer, patchFrame } from '../recognise/framing/framing.ts';
import { JsonArrayFramer } from '../recognise/framing/json-array.ts';
import { patchJsonStrings } from '../recognise/json/patch.ts';
import { type AnswerChecks, openAnswerChecks } from './answer-checks.ts';
import type { ExchangeLog } from './exchange-log.ts';
import type { JourneyPorts } from './ports.ts';
import { refusalResponse } from './refuse.ts';
import { responseGuardrails, restoring } from './response-guardrails.ts';
import { whyOf } from './scan-parts.ts';
import { askService, StreamQuestions } from './stream-questions.ts';

export interface ReaderInput {
  readonly ports: JourneyPorts;
  readonly policy: CompiledPolicy;
  readonly call: CallContext;
  readonly exchange: ExchangeRequest;
  readonly log: ExchangeLog;
  readonly contentType: string | undefined;
  /** Of WebSockets with several answers at once. */
  readonly lane?: string | undefined;
}

export interface BodyJudgement {
  readonly body?: Uint8Array;
  readonly refuse?: LocalResponse;
  /** It is not the dialect's format: nothing in it could be checked. */
  readonly unreadable?: true;
}

/** An unstreamed answer is read whole at its end; past this size only its bytes are counted. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Reads one answer: usage and findings for the record, and, where the policy can change it, the gate. */
export class ResponseReader {
  /** `hold`: an unstreamed answer that may be refused, so that its head has to wait too. */
  readonly plan: 'tap' | 'gate' | 'hold';
  /** Of a streamed answer that another service may stop: what comes after its opinion. */
  readonly late: Late<ResponseCommand> | undefined;
  readonly #input: ReaderInput;
  readonly #decoder: ResponseDecoder;
  readonly #framer: Framer | undefined;
  readonly #guardrails: readonly ResponseGuardrail[];
  readonly #gate: ResponseGate | undefined;
  readonly #judge: ResponseJudge;
  readonly #transport: 'bytes' | 'messages';
  readonly #told = new Set<string>();
  readonly #answers: AnswerChecks | undefined;
  readonly #questions: StreamQuestions | undefined;
  #asked: Promise<void> | undefined;
  /** True once the answer has said that it is over. */
  ended = false;
  /** Set once the stream could not be read on; the rest passes as it comes, if the rules allow. */
  #unreadable = false;
  /** Set once the answer was cut: nothing of it is passed on any more. */
  #over = false;
  /** In an array, the first element opens it. */
  #nothingSent = true;
  #requestDecision: Decision | undefined;
  #body: Uint8Array[] = [];
  #bodyBytes = 0;

  /** `messages`: the answer comes as whole WebSocket messages, so that there is nothing to frame. */
  constructor(
    input: ReaderInput,
    decoder: ResponseDecoder,
    framer: Framer | undefined,
    transport: 'bytes' | 'messages' = 'bytes',
  ) {
    this.#input = input;
    this.#transport = transport;
    this.#decoder = decoder;
    this.#framer = framer;
    const { policy, call, exchange } = input;
    const context = { ...call, exchange, bytes: 0, findings: [], failures: [] };
    this.#judge = openResponse(policy, context);
    const streamed = framer !== undefined || transport === 'messages';
    const looks = policy.scan.response.reach !== 'none';
    const rules = looks ? responseGuardrails(policy, context) : [];
    this.#guardrails = [...rules, ...restoring(call)];
    const enforces = needsGate(this.#guardrails);
    this.#answers = openAnswerChecks(policy, context);
    if (streamed && rules.some(({ detector }) => isRequestDetector(detector)))
      this.#questions = new StreamQuestions((question, reply) => this.#settle(question, reply));
    this.late = this.#questions;
    const mayStop = streamed && input.log.spend?.canStop === true;
    this.plan = streamed ? (enforces || mayStop ? 'gate' : 'tap') : enforces ? 'hold' : 'tap';
    this.#gate =
      this.#guardrails.length === 0 || !streamed ? undefined : createResponseGate(this.#gateOptions());
  }

  data(chunk: Uint8Array): readonly ResponseCommand[] {
    if (this.#over) return [];
    if (this.#unreadable) return this.#unread(chunk);
    if (this.#framer !== undefined) return this.#read(this.#framer, chunk);
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes <= MAX_BODY_BYTES) this.#body.push(chunk);
    else this.#body = [];
    return [];
  }

  end(): readonly ResponseCommand[] {
    if (this.#unreadable || this.#over) return [];
    if (this.#framer !== undefined) {
      const last = this.#frames(this.#framer.end());
      return this.#over ? last : [...last, ...(this.#gate?.end() ?? [])];
    }
    // Only looked at: who may change it had it held, and nobody else is asked here.
    if (this.#body.length > 0) void this.judgeBody(Buffer.concat(this.#body));
    this.#body = [];
    return [];
  }

  /** Asks the services that were not waited for; what they say joins the record. Undefined if there are none. */
  askBeside(): Promise<void> | undefined {
    const answers = this.#answers;
    if (answers === undefined) return undefined;
    this.#asked ??= answers.ask().then(() => {
      const { log } = this.#input;
      log.decision = answers.conclude(log.decision);
    });
    return this.#asked;
  }

  /** A whole answer: what to send instead, if anything. Waits for services that may stop or change it. */
  judgeBody(body: Uint8Array): BodyJudgement | Promise<BodyJudgement> {
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
    const events = this.#decoder.body(text);
    this.#account(events, events.some(isFinalCount));
    if (this.#guardrails.length === 0) return {};
    if (events.every(({ type }) => type === 'unknown') && !isJson(text)) return { unreadable: true };
    const frame: GateFrame = {
      raw: text,
      events,
      patch: (edits) => patchJsonStrings(text, edits.map(toStringEdit)),
    };
    const verdict = redactBody(frame, this.#gateOptions());
    if (verdict.type !== 'ask') return this.#judgement(verdict);
    return Promise.all(verdict.questions.map(askService)).then((replies) =>
      this.#judgement(verdict.settle(replies)),
    );
  }

  #judgement(verdict: BodyVerdict): BodyJudgement {
    if (verdict.type === 'pass') return {};
    if (verdict.type === 'edited') return { body: Buffer.from(verdict.body, 'utf8') };
    this.conclude();
    return { refuse: refusalResponse(this.#input.log.decision, this.#input.exchange.dialect) };
  }

  /** One WebSocket message of the answer. */
  message(text: string): readonly ResponseCommand[] {
    if (this.#over) return [];
    const events = this.#decoder.frame(text, undefined);
    this.#account(events);
    if (this.#usedUp()) return this.#stop();
    if (this.#gate === undefined) return [{ type: 'emit', bytes: text }];
    return this.#gate.push({
      raw: text,
      events,
      patch: (edits) => patchJsonStrings(text, edits.map(toStringEdit)),
    });
  }

  /** The answer could not be read at all; the strictest of what the rules say then. */
  fail(why: string): Action {
    const detectors = new Set(this.#guardrails.map(({ detector }) => detector.id));
    let action: Action = 'allow';
    for (const detector of detectors) action = stricter(action, this.#judge.fail({ detector, why }));
    return action;
  }

  /** Joins what the answer showed to the exchange's decision. */
  conclude(): void {
    const { log } = this.#input;
    // The request's decision is the beginning each time, so that nothing is said twice.
    this.#requestDecision ??= log.decision;
    const judged = this.#judge.conclude(this.#requestDecision);
    log.decision = log.spend?.conclude(judged) ?? judged;
  }

  /** True once a budget had nothing left for this answer. */
  get usedUp(): boolean {
    return this.#input.log.spend?.isUsedUp === true;
  }

  #usedUp(): boolean {
    return this.#input.log.spend?.usedUp() === true;
  }

  #stop(): readonly ResponseCommand[] {
    this.#over = true;
    this.close();
    return [{ type: 'cut', ...this.#lastWords() }];
  }

  /** A frame larger than can be held: what the rules on answers say about failures decides. */
  #read(framer: Framer, chunk: Uint8Array): readonly ResponseCommand[] {
    try {
      return this.#frames(framer.push(chunk));
    } catch (error) {
      if (!(error instanceof RecogniseError)) throw error;
      this.#unreadable = true;
      const action = this.fail('met a frame that is too large to read');
      if (this.plan === 'gate' && action === 'block') return [{ type: 'cut', ...this.#lastWords() }];
      return [...(this.#gate?.end() ?? []), ...this.#unread(framer.drain())];
    }
  }

  /** Bytes that nobody can read leave after what was held before them. */
  #unread(bytes: Uint8Array): readonly ResponseCommand[] {
    if (this.#gate === undefined || this.#questions === undefined) return [{ type: 'emit', bytes }];
    return this.#gate.push({ raw: bytes, events: [], patch: () => '' });
  }

  #settle(question: Question, reply: Reply): readonly ResponseCommand[] {
    if (this.#over || this.#gate === undefined) return [];
    const commands = this.#gate.settle(question, reply);
    if (commands.length > 0) this.#nothingSent = false;
    // A socket goes on, and its messages say when this answer is over.
    if (this.#gate.cut && this.#transport === 'bytes') this.#over = true;
    return commands;
  }

  /** Nothing more will be sent, whatever is still said about it. */
  close(): void {
    this.#questions?.close();
  }

  #lastWords(): { lastBytes?: string } {
    const lastBytes = this.#refusal();
    return lastBytes === undefined ? {} : { lastBytes };
  }

  /** The provider's own way to say within this stream that it ends here. */
  #refusal(): string | undefined {
    this.conclude();
    const dialect = dialectById(this.#input.exchange.dialect);
    const refusal = refusalOf(this.#input.log.decision);
    if (this.#transport === 'messages') return dialect?.refuseOnWebSocket?.(refusal, this.#mark);
    if (this.#framer instanceof JsonArrayFramer)
      return dialect?.refuseInJsonArray?.(refusal, this.#nothingSent);
    return dialect?.refuseInStream(refusal);
  }

  #frames(frames: readonly Frame[]): readonly ResponseCommand[] {
    const commands: ResponseCommand[] = [];
    for (const frame of frames) {
      const events = frame.data === undefined ? [] : this.#decoder.frame(frame.data, frame.eventName);
      this.#account(events);
      if (this.#usedUp()) return [...commands, ...this.#stop()];
      if (this.#gate === undefined) {
        if (this.plan === 'gate') commands.push({ type: 'emit', bytes: frame.bytes });
      } else {
        const raw = this.plan === 'gate' ? Buffer.from(frame.bytes).toString('utf8') : '';
        const heartbeat = this.#questions !== undefined && isHeartbeat(frame, events);
        const patch = (edits: readonly Edit[]): string => patchOf(frame, edits);
        commands.push(...this.#gate.push({ raw, events, heartbeat, patch }));
      }
      if (commands.length > 0) this.#nothingSent = false;
      if (this.#gate?.cut) this.#over = true;
    }
    return commands;
  }

  /** `isCounted`: the provider has said how many tokens this is. */
  #account(events: readonly ExchangeEvent[], isCounted = false): void {
    const { log } = this.#input;
    for (const event of events) {
      if (event.type === 'text') {
        if (event.form === 'delta') {
          if (isCounted) log.keepOutput(event.text);
          else log.addOutput(event.text);
        }
        this.#answers?.add(event);
      } else if (event.type === 'usage') log.addUsage(event);
      else if (event.type === 'start') {
        log.nameModel(event.model);
        log.onAnswer?.(event);
      } else if (event.type === 'end' || event.type === 'error') {
        this.ended = true;
        if (event.type === 'error') log.onAnswer?.(event);
      }
    }
  }

  #gateOptions(): ResponseGateOptions {
    return {
      guardrails: this.#guardrails,
      found: (_guardrail, finding, editable) => this.#tell(finding, editable),
      failed: (guardrail, error) => this.#tellFailure(guardrail.detector.id, whyOf(error)),
      ask: (question) => this.#questions?.ask(question),
      lastBytes: (_cause, releases) => {
        if (releases) this.#nothingSent = false;
        return this.#refusal();
      },
    };
  }

  get #mark(): SocketMark {
    return { type: 'call', lane: this.#input.lane, responseId: undefined };
  }

  /** Each guardrail tells a finding of its own; the judge asks all of them at once. */
  #tell(finding: Finding, editable: boolean): void {
    const key = `${finding.kind} ${finding.place} ${finding.start} ${finding.end}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#judge.judge(finding, editable && finding.partKind !== 'thinking');
  }

  /** A dead service fails for every window; it is said once. */
  #tellFailure(detector: string, why: string): void {
    const key = `${detector} ${why}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#judge.fail({ detector, why });
  }
}

/** Undefined where nobody can read the answer. */
export function openReader(input: ReaderInput): ResponseReader | undefined {
  const decoder = dialectById(input.exchange.dialect)?.openResponse(input.exchange);
  if (decoder === undefined) return undefined;
  return new ResponseReader(input, decoder, openFramer(input.contentType, input.exchange.stream));
}

const isFinalCount = (event: ExchangeEvent): boolean =>
  event.type === 'usage' && event.final && event.usage.outputTokens !== undefined;

/** Only asked where the dialect saw nothing: an error page, a captive portal, an empty answer. */
function isJson(text: string): boolean {
  if (text.trim() === '') return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // not JSON: that is the answer
  }
}

/** Comments of SSE, and Anthropic's pings. */
const isHeartbeat = ({ format, data, eventName }: Frame, events: readonly ExchangeEvent[]): boolean =>
  format === 'sse' && events.length === 0 && (data === undefined || eventName === 'ping');

const toStringEdit = ({ place, ...range }: Edit) => ({ pointer: place, ...range });

const patchOf = (frame: Frame, edits: readonly Edit[]): string =>
  frame.data === undefined
    ? Buffer.from(frame.bytes).toString('utf8')
    : patchFrame(frame, patchJsonStrings(frame.data, edits.map(toStringEdit)));

/**
 * A conversation with the journey through its public port: the kit plays the byte edge (core/flow.ts), carrying out
 * what the governor says, with a real policy and real detectors, and notes what each side would have got.
 */
import { headerValue, type RawHeaders } from '../../agent/src/core/connection.ts';
import type {
  Flow,
  FlowOutcome,
  Governor,
  LocalResponse,
  ResponseCommand,
} from '../../agent/src/core/flow.ts';
import type { EventRecord, ExchangeRecord } from '../../agent/src/core/records.ts';
import type { CompiledPolicy } from '../../agent/src/decide/compile.ts';
import type { JourneyPorts } from '../../agent/src/journey/ports.ts';
import { createJourney } from '../../agent/src/journey.ts';
import { NOW_MS, policyOf } from './decide.ts';

export interface Journey {
  readonly governor: Governor;
  readonly exchanges: ExchangeRecord[];
  readonly events: EventRecord[];
  /** Another policy comes into force. */
  use(policy: CompiledPolicy): void;
  /** Time goes on; nothing else moves it. */
  wait(ms: number): void;
}

export function openJourney(
  policy: CompiledPolicy | string,
  ports: Partial<Omit<JourneyPorts, 'policy' | 'recorder' | 'nowMs'>> = {},
): Journey {
  let inForce = typeof policy === 'string' ? policyOf(policy) : policy;
  let nowMs = NOW_MS;
  let ids = 0;
  const exchanges: ExchangeRecord[] = [];
  const events: EventRecord[] = [];
  const governor = createJourney({
    policy: () => inForce,
    scan: (detector, text) => detector.scan(text),
    recorder: {
      exchange: (record) => void exchanges.push(record),
      event: (record) => void events.push(record),
      flush: async () => undefined,
    },
    nowMs: () => nowMs,
    newId: () => {
      ids += 1;
      return `d-${ids}`;
    },
    device: 'laptop-7',
    user: () => 'anna',
    ...ports,
  });
  return {
    governor,
    exchanges,
    events,
    use: (next) => {
      inForce = next;
    },
    wait: (ms) => {
      nowMs += ms;
    },
  };
}

export interface Call {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

export interface Answer {
  readonly status?: number;
  readonly type?: string;
  /** As they arrive. */
  readonly chunks?: readonly (string | Uint8Array)[];
  /** The upstream breaks off after the chunks. */
  readonly broken?: boolean;
}

export interface Turn {
  /** What the provider got; undefined if nothing. */
  readonly sent: string | undefined;
  readonly status: number;
  readonly headers: RawHeaders;
  /** What the client got. */
  readonly received: string;
  readonly result: FlowOutcome['result'];
}

export const CHAT = 'https://api.openai.com/v1/chat/completions';
export const MESSAGES = 'https://api.anthropic.com/v1/messages';

export function openFlow(
  governor: Governor,
  { url = CHAT, headers = {}, body }: Call,
  webSocket = false,
): Flow {
  const { hostname, pathname, search } = new URL(url);
  const all = { 'content-type': 'application/json', ...headers };
  const authority = { host: hostname, port: 443 };
  return governor.openFlow(
    {
      method: body === undefined ? 'GET' : 'POST',
      scheme: 'https',
      authority,
      path: pathname + search,
      headers: Object.entries(all).flat(),
      httpVersion: '1.1',
      webSocket,
      hasBody: body !== undefined,
    },
    {
      id: 'c-1',
      openedAtMs: NOW_MS,
      target: authority,
      clientPort: 50_000,
      serverName: hostname,
      protocol: 'http/1.1',
    },
  );
}

/** One call and its answer, as the edge would drive them. */
export async function converse({ governor }: Journey, call: Call, answer: Answer = {}): Promise<Turn> {
  const flow = openFlow(governor, call);
  const text = typeof call.body === 'string' ? call.body : JSON.stringify(call.body);
  const asked = await request(flow, call.body === undefined ? undefined : text);
  const finish = (result: FlowOutcome['result'], responseBytes = 0): void =>
    void flow.finish({
      result,
      cause: result === 'upstream-failed' ? 'reset' : undefined,
      requestBytes: text?.length ?? 0,
      responseBytes,
      addedMs: 0,
    });
  if ('refuse' in asked) {
    finish('refused');
    return { sent: undefined, result: 'refused', ...local(asked.refuse) };
  }
  const given = await response(flow, answer);
  finish(given.result, given.received.length);
  return { sent: asked.sent, ...given };
}

async function request(
  flow: Flow,
  text: string | undefined,
): Promise<{ sent: string } | { refuse: LocalResponse }> {
  const plan = flow.requestPlan;
  if (plan.type === 'refuse') return { refuse: plan.response };
  if (plan.type === 'stream') return { sent: text ?? '' };
  const body = Buffer.from(text ?? '');
  const tooLarge = body.length > plan.maxBytes;
  const verdict = await (tooLarge ? flow.requestBodyFailed('too-large') : flow.requestBody(body));
  if (verdict.type === 'refuse') return { refuse: verdict.response };
  return { sent: verdict.body === undefined ? (text ?? '') : Buffer.from(verdict.body).toString() };
}

async function response(flow: Flow, answer: Answer): Promise<Omit<Turn, 'sent'>> {
  const { status = 200, type = 'application/json', chunks = ['{}'], broken = false } = answer;
  const plan = flow.responseHead(status, ['content-type', type]);
  const bytes = chunks.map((chunk) => Buffer.from(chunk));
  const head = { status, headers: [...(plan.setHeaders ?? [])] };
  const result = broken ? ('upstream-failed' as const) : ('complete' as const);
  if (plan.type === 'hold' && !broken) {
    const whole = Buffer.concat(bytes);
    const verdict =
      whole.length > (plan.maxBytes ?? 0) ? flow.responseBodyFailed() : await flow.responseBody(whole);
    if (verdict.type === 'refuse') return { result: 'refused', ...local(verdict.response) };
    return { ...head, received: Buffer.from(verdict.body ?? whole).toString(), result };
  }
  const received: Buffer[] = [];
  /** True once the answer was cut. */
  const carryOut = (commands: readonly ResponseCommand[], raw?: Buffer): boolean => {
    const cut = commands.find((command) => command.type === 'cut');
    if (plan.type === 'pass' || plan.type === 'tap') {
      if (raw !== undefined && cut === undefined) received.push(raw);
    } else {
      for (const command of commands) if (command.type === 'emit') received.push(Buffer.from(command.bytes));
    }
    if (cut?.lastBytes !== undefined) received.push(Buffer.from(cut.lastBytes));
    return cut !== undefined;
  };
  for (const chunk of bytes) {
    const commands = plan.type === 'pass' ? [] : await flow.responseData(chunk);
    if (carryOut(commands, chunk))
      return { ...head, received: Buffer.concat(received).toString(), result: 'cut' };
  }
  if (!broken && plan.type !== 'pass' && carryOut(await flow.responseEnd()))
    return { ...head, received: Buffer.concat(received).toString(), result: 'cut' };
  return { ...head, received: Buffer.concat(received).toString(), result };
}

const local = ({ status, headers, body }: LocalResponse) => ({ status, headers, received: body });

export const decisionIdOf = ({ headers }: Turn): string | undefined =>
  headerValue(headers, 'x-postern-decision');

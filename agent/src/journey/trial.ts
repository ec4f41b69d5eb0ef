import type { Decision } from '../core/decision.ts';
import type { Flow, FlowOutcome, Late, RequestHead, ResponseCommand } from '../core/flow.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { createJourney } from '../journey.ts';
import type { JourneyPorts } from './ports.ts';

/** A call as a program would make it. */
export interface TrialCall {
  readonly head: RequestHead;
  readonly body: Uint8Array;
  /** The provider's whole answer, should the call get that far. */
  readonly answer: Uint8Array | undefined;
}

export interface Trial {
  readonly decision: Pick<Decision, 'decision' | 'effective'>;
  /** Rules with a part in it, by id. */
  readonly rules: readonly string[];
  readonly findings: readonly string[];
  /** Undefined: nothing left the device. */
  readonly sent: Uint8Array | undefined;
  /** What the program got: the answer, or the refusal. */
  readonly answered: string | undefined;
}

/** Takes one call through the whole journey, with nobody at either end. Undefined: the call isn't governed at all. */
export async function tryCall(
  ports: Omit<JourneyPorts, 'recorder' | 'policy' | 'onExchange'>,
  policy: CompiledPolicy,
  call: TrialCall,
): Promise<Trial | undefined> {
  if (policy.route(call.head.authority.host) === 'tunnel') return undefined;
  const recorded: Omit<Trial, 'sent' | 'answered'>[] = [];
  const journey = createJourney({
    ...ports,
    policy: () => policy,
    recorder: {
      exchange: ({ decision, effective, reasons, findings }) =>
        void recorded.push({
          decision: { decision, effective },
          rules: [...new Set(reasons.map(({ rule }) => rule))].filter((rule) => rule !== 'default'),
          findings: Object.keys(findings),
        }),
      event: () => undefined,
      flush: async () => undefined,
    },
  });
  const flow = journey.openFlow(call.head, {
    id: 'trial',
    openedAtMs: ports.nowMs(),
    target: call.head.authority,
    clientPort: 0,
    serverName: call.head.authority.host,
    protocol: 'http/1.1',
  });
  const ends = await carry(flow, call);
  await flow.finish({ ...NOTHING_SENT, result: ends.sent === undefined ? 'refused' : 'complete' });
  const [record] = recorded;
  return record && { ...record, ...ends };
}

const NOTHING_SENT: Omit<FlowOutcome, 'result'> = {
  cause: undefined,
  requestBytes: 0,
  responseBytes: 0,
  addedMs: 0,
};

async function carry(flow: Flow, call: TrialCall): Promise<Pick<Trial, 'sent' | 'answered'>> {
  const plan = flow.requestPlan;
  if (plan.type === 'refuse') return { sent: undefined, answered: plan.response.body };
  let sent = call.body;
  if (plan.type === 'hold') {
    const verdict = await flow.requestBody(call.body);
    if (verdict.type === 'refuse') return { sent: undefined, answered: verdict.response.body };
    sent = verdict.body ?? call.body;
  }
  return { sent, answered: call.answer && (await answer(flow, call.answer)) };
}

async function answer(flow: Flow, body: Uint8Array): Promise<string> {
  const plan = flow.responseHead(200, ['content-type', 'application/json']);
  const whole = Buffer.from(body).toString('utf8');
  if (plan.type === 'pass') return whole;
  if (plan.type === 'hold') {
    const verdict = await flow.responseBody(body);
    if (verdict.type === 'refuse') return verdict.response.body;
    return verdict.body === undefined ? whole : Buffer.from(verdict.body).toString('utf8');
  }
  const late = gather(plan.late);
  const commands = [...flow.responseData(body), ...flow.responseEnd(), ...(await late())];
  if (plan.type === 'tap') return whole;
  return commands
    .map((command) =>
      command.type === 'emit' ? Buffer.from(command.bytes).toString('utf8') : (command.lastBytes ?? ''),
    )
    .join('');
}

/** What comes late, once nothing waits any more. */
function gather(late: Late<ResponseCommand> | undefined): () => Promise<readonly ResponseCommand[]> {
  const commands: ResponseCommand[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  late?.listen((take) => {
    try {
      commands.push(...take());
      if (!late.waiting) resolve();
    } catch (error) {
      reject(error);
    }
  });
  return async () => {
    if (late?.waiting) await promise;
    return commands;
  };
}

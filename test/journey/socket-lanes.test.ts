/** Several answers at once on one WebSocket: each message is read, gated and charged as part of its own call. */
import { describe, expect, it } from 'vitest';
import type { WebSocketCommand, WebSocketPlan } from '../../agent/src/core/flow.ts';
import type { ExchangeRecord } from '../../agent/src/core/records.ts';
import { SocketLanes } from '../../agent/src/journey/socket-lanes.ts';
import { policyOf } from '../kit/decide.ts';
import { openStage } from '../kit/journey-stage.ts';
import { liveLookingAwsKey } from '../kit/office.ts';

const POLICY = `guardrails:
  - id: no-secrets
    detect: secrets
    minConfidence: high
    on: [request, response]
    action: block
`;

function openSocket(): { plan: WebSocketPlan; records: ExchangeRecord[]; end(): void } {
  const policy = policyOf(POLICY);
  const { flow, records } = openStage({
    path: '/v1/responses',
    method: 'GET',
    webSocket: true,
    headers: [],
    policy,
  });
  const outcome = {
    result: 'complete',
    cause: undefined,
    requestBytes: 0,
    responseBytes: 0,
    addedMs: 0,
  } as const;
  return { plan: flow.openWebSocket(), records, end: () => flow.finish(outcome) };
}

const send = async (
  plan: WebSocketPlan,
  from: 'client' | 'server',
  message: object,
): Promise<readonly WebSocketCommand[]> => plan.message(from, JSON.stringify(message));
const create = (input: string, lane?: string) => ({
  type: 'response.create',
  model: 'gpt-5',
  input,
  ...(lane !== undefined && { stream_id: lane }),
});
const created = (id: string, lane?: string) => ({
  type: 'response.created',
  response: { id, model: 'gpt-5', status: 'in_progress', output: [] },
  ...(lane !== undefined && { stream_id: lane }),
});
const delta = (text: string, lane?: string) => ({
  type: 'response.output_text.delta',
  output_index: 0,
  content_index: 0,
  delta: text,
  ...(lane !== undefined && { stream_id: lane }),
});
const completed = (id: string, tokens: number, lane?: string, type = 'response.completed') => ({
  type,
  response: {
    id,
    model: 'gpt-5',
    status: 'completed',
    output: [],
    usage: { input_tokens: tokens, output_tokens: 1, total_tokens: tokens + 1 },
  },
  ...(lane !== undefined && { stream_id: lane }),
});
const inputTokens = (records: readonly ExchangeRecord[]) =>
  records.filter(({ operation }) => operation === 'generate').map(({ usage }) => usage?.inputTokens);

describe('answers in several lanes', () => {
  it('are told apart, however they are mixed', async () => {
    const { plan, records, end } = openSocket();
    for (const lane of ['a', 'b']) await send(plan, 'client', create(`in lane ${lane}`, lane));
    await send(plan, 'client', create('no lane'));
    for (const event of [created('r2', 'b'), created('r3'), created('r1', 'a')])
      await send(plan, 'server', event);
    await send(plan, 'server', completed('r3', 30));
    await send(plan, 'server', completed('r2', 20, 'b'));
    await send(plan, 'server', completed('r1', 10, 'a'));
    end();
    expect(inputTokens(records)).toEqual([30, 20, 10]);
    expect(records.every(({ result }) => result === 'complete')).toBe(true);
  });

  it('a secret cut in pieces is found within its lane, and only that lane is cut, with its name', async () => {
    const { plan, records } = openSocket();
    const key = liveLookingAwsKey(3);
    for (const lane of ['a', 'b']) await send(plan, 'client', create('hi', lane));
    const out: string[] = [];
    const say = async (message: object) => {
      for (const command of await send(plan, 'server', message))
        if (command.type === 'forward') out.push(command.data ?? JSON.stringify(message));
    };
    await say(created('r1', 'a'));
    await say(created('r2', 'b'));
    await say(delta(`key ${key.slice(0, 9)}`, 'a'));
    await say(delta('harmless ', 'b'));
    await say(delta(`${key.slice(9)} end`, 'a'));
    await say(delta('words', 'b'));
    await say(completed('r1', 1, 'a'));
    await say(completed('r2', 2, 'b'));
    expect(out.join('\n')).not.toContain(key.slice(9));
    expect(
      out.filter((text) => text.includes('"type":"error"')).map((text) => JSON.parse(text)),
    ).toMatchObject([{ status: 400, stream_id: 'a' }]);
    expect(out.filter((text) => text.includes('"stream_id":"b"'))).toHaveLength(4);
    expect(records.map(({ effective }) => effective).sort()).toEqual(['allow', 'block']);
  });

  it('a refused call is answered on its lane, while the other goes on', async () => {
    const { plan } = openSocket();
    await send(plan, 'client', create('hi', 'a'));
    const [reply] = await send(plan, 'client', create(`use ${liveLookingAwsKey(4)}`, 'b'));
    expect(reply?.type).toBe('reply');
    expect(JSON.parse(String(reply?.type === 'reply' && reply.data))).toMatchObject({
      type: 'error',
      status: 400,
      stream_id: 'b',
    });
    expect(await send(plan, 'server', created('r1', 'a'))).toEqual([{ type: 'forward' }]);
  });

  it('servers that know no lanes answer in order', async () => {
    const { plan, records } = openSocket();
    for (const lane of ['a', 'b']) await send(plan, 'client', create('hi', lane));
    for (const [id, tokens] of [
      ['r1', 1],
      ['r2', 2],
    ] as const) {
      await send(plan, 'server', created(id));
      await send(plan, 'server', completed(id, tokens));
    }
    expect(inputTokens(records)).toEqual([1, 2]);
  });
});

describe('steering', () => {
  const steer = (input: string, id = 'r1') => ({ type: 'response.steer', previous_response_id: id, input });

  it('is checked, and refused in its own shape without its input', async () => {
    const { plan, records } = openSocket();
    await send(plan, 'client', create('hi', 'a'));
    await send(plan, 'server', created('r1', 'a'));
    const key = liveLookingAwsKey(6);
    const [reply] = await send(plan, 'client', steer(`and ${key}`));
    const text = String(reply?.type === 'reply' && reply.data);
    expect(JSON.parse(text)).toMatchObject({
      type: 'response.steer.failed',
      stream_id: 'a',
      error: { type: 'invalid_request_error', message: expect.stringContaining('AWS') },
      steer: { previous_response_id: 'r1' },
    });
    expect(text).not.toContain(key);
    expect(records.map(({ effective }) => effective)).toEqual(['block']);
  });

  it('leads to an answer of its own, once for several; one that comes to nothing leaves the rest alone', async () => {
    const { plan, records, end } = openSocket();
    await send(plan, 'client', create('hi', 'a'));
    await send(plan, 'client', create('other', 'b'));
    await send(plan, 'server', created('r1', 'a'));
    await send(plan, 'client', steer('left'));
    await send(plan, 'client', steer('right'));
    await send(plan, 'server', completed('r1', 1, 'a', 'response.incomplete'));
    await send(plan, 'server', created('r2', 'a'));
    await send(plan, 'client', steer('too late', 'r2'));
    await send(plan, 'server', {
      type: 'response.steer.failed',
      stream_id: 'a',
      error: {},
      steer: { previous_response_id: 'r2' },
    });
    await send(plan, 'server', completed('r2', 2, 'a'));
    await send(plan, 'server', created('r3', 'b'));
    await send(plan, 'server', completed('r3', 3, 'b'));
    end();
    const reported = records.filter(({ usageEstimated }) => !usageEstimated);
    expect(inputTokens(reported).filter((tokens) => tokens !== undefined)).toEqual([1, 2, 3]);
    expect(records.every(({ result }) => result === 'complete')).toBe(true);
  });
});

it('messages that ask for nothing wait for nothing', async () => {
  const { plan, records } = openSocket();
  await send(plan, 'client', { type: 'response.cancel' });
  await send(plan, 'client', create('hi'));
  await send(plan, 'server', created('r1'));
  await send(plan, 'server', completed('r1', 7));
  expect(inputTokens(records)).toEqual([7]);
});

it('JSON in a binary message is checked like text', async () => {
  const { plan } = openSocket();
  const [reply] = await plan.message('client', Buffer.from(JSON.stringify(create(liveLookingAwsKey(5)))));
  expect(reply?.type).toBe('reply');
});

it('lanes remember a bounded number of answers', () => {
  const lanes = new SocketLanes<number>();
  for (let i = 0; i < 1_000; i++) {
    lanes.add(i, { type: 'call', lane: `l${i}`, responseId: undefined });
    lanes.note({ type: 'started', lane: `l${i}`, responseId: `r${i}` });
    lanes.end(i);
  }
  const resolve = (id: string) => lanes.resolve({ type: 'steer', lane: undefined, responseId: id }).lane;
  expect([resolve('r0'), resolve('r999')]).toEqual([undefined, 'l999']);
});

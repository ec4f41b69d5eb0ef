/** Responses over one WebSocket: every call on it is decided and recorded for itself. */
import { describe, expect, it } from 'vitest';
import type { Flow, WebSocketCommand, WebSocketPlan } from '../../agent/src/core/flow.ts';
import { policyOf } from '../kit/decide.ts';
import { type Journey, openFlow, openJourney } from '../kit/dialogue.ts';
import { openaiResponses } from '../kit/fake-provider/answers.ts';
import { liveLookingAwsKey } from '../kit/office.ts';

const KEY = liveLookingAwsKey(51);
const POLICY = 'guardrails: [{ id: no-secrets, detect: secrets, on: [request, response], action: block }]\n';

function open(journey: Journey): { flow: Flow; socket: WebSocketPlan } {
  const flow = openFlow(journey.governor, { url: 'https://api.openai.com/v1/responses' }, true);
  expect(flow.requestPlan).toEqual({ type: 'stream' });
  return { flow, socket: flow.openWebSocket() };
}

const call = (input: string, extra: object = {}): string =>
  JSON.stringify({ type: 'response.create', model: 'gpt-5', input, ...extra });
const answer = (text: string): string[] =>
  openaiResponses.events({ text }, 'gpt-5').map((event) => JSON.stringify(event));

async function serve(socket: WebSocketPlan, messages: readonly string[]): Promise<string[]> {
  const got: string[] = [];
  for (const message of messages) {
    for (const command of await socket.message('server', message)) {
      if (command.type === 'forward') got.push(command.data ?? message);
    }
  }
  return got;
}

const FORWARD: readonly WebSocketCommand[] = [{ type: 'forward' }];
const end = (flow: Flow): void =>
  void flow.finish({ result: 'complete', cause: undefined, requestBytes: 0, responseBytes: 0, addedMs: 0 });

describe('Responses over WebSocket', () => {
  it('passes calls and answers untouched, and records each call', async () => {
    const journey = openJourney(POLICY);
    const { flow, socket } = open(journey);
    expect(socket.type).toBe('govern');
    for (const text of ['one', 'two']) {
      expect(await socket.message('client', call(text))).toEqual(FORWARD);
      const events = answer(text);
      expect(await serve(socket, events)).toEqual(events);
    }
    end(flow);
    expect(
      journey.exchanges.map(({ operation, effective, result }) => [operation, effective, result]),
    ).toEqual([
      ['generate', 'allow', 'complete'],
      ['generate', 'allow', 'complete'],
      ['control', 'allow', 'complete'],
    ]);
    expect(journey.exchanges[0]).toMatchObject({ model: 'gpt-5', usage: { outputTokens: 9 } });
    expect(new Set(journey.exchanges.map(({ id }) => id)).size).toBe(3);
  });

  it('refuses one call by a message of its own; the connection and the next call live on', async () => {
    const journey = openJourney(POLICY);
    const { flow, socket } = open(journey);
    const [refusal, ...more] = await socket.message('client', call(`use ${KEY}`));
    expect(more).toEqual([]);
    expect(refusal).toMatchObject({ type: 'reply', data: expect.stringContaining('AWS access key') });
    expect(JSON.stringify(refusal)).not.toContain(KEY);
    expect(JSON.parse(refusal?.type === 'reply' ? refusal.data : '')).toMatchObject({ type: 'error' });
    expect(await socket.message('client', call('harmless'))).toEqual(FORWARD);
    const events = answer('fine');
    expect(await serve(socket, events)).toEqual(events);
    end(flow);
    expect(journey.exchanges[0]).toMatchObject({ effective: 'block', result: 'refused', status: 400 });
    expect(journey.exchanges[1]).toMatchObject({ effective: 'allow', result: 'complete' });
  });

  it('a prewarm carries no prompt and is said to be one', async () => {
    const journey = openJourney(POLICY);
    const { flow, socket } = open(journey);
    expect(await socket.message('client', call('', { generate: false }))).toEqual(FORWARD);
    await serve(socket, answer(''));
    end(flow);
    expect(journey.exchanges[0]).toMatchObject({ operation: 'prewarm', cost: undefined });
  });

  it('an answer is stopped before its secret', async () => {
    const journey = openJourney(POLICY);
    const { flow, socket } = open(journey);
    await socket.message('client', call('which key?'));
    const got = (await serve(socket, answer(`It is ${KEY}.`))).join('\n');
    expect(got).not.toContain(KEY);
    expect(got).toContain('AWS access key');
    end(flow);
    expect(journey.exchanges.find(({ operation }) => operation === 'generate')).toMatchObject({
      effective: 'block',
      findings: { 'aws-access-key-id': 1 },
    });
  });

  it('a socket that goes in the middle of an answer leaves a record of what was under way', async () => {
    const journey = openJourney(POLICY);
    const { flow, socket } = open(journey);
    await socket.message('client', call('go on'));
    await serve(socket, answer('a long answer').slice(0, 4));
    end(flow);
    expect(journey.exchanges[0]).toMatchObject({ operation: 'generate', result: 'client-aborted' });
  });

  it('messages that are no calls, binary ones and nonsense pass or are decided, never thrown', async () => {
    const journey = openJourney(POLICY);
    const { flow, socket } = open(journey);
    expect(await socket.message('client', Buffer.from([1, 2, 3]))).toEqual(FORWARD);
    for (const text of ['', 'nonsense', '[]', 'null', '{"type":"session.update"}'])
      expect(Array.isArray(await socket.message('client', text)), text).toBe(true);
    for (const text of ['', 'nonsense', 'null', '{"type":"x"}'])
      expect(Array.isArray(await socket.message('server', text)), text).toBe(true);
    end(flow);
  });
});

describe('an answer that another service may stop', () => {
  const RULE = `guardrails: [{ id: names, detect: remote, provider: presidio, url: "http://127.0.0.1:1/analyze", on: [response], action: block }]\n`;

  /** A socket whose service answers when the test lets it. */
  function openAsked() {
    const asked: { readonly text: string; say(found: boolean): void }[] = [];
    const policy = policyOf(RULE, () => ({
      check: ([one]) =>
        new Promise((resolve) => {
          const text = one?.text ?? '';
          const match = {
            kind: 'code-name',
            label: 'code name',
            severity: 'high',
            confidence: 'high',
            start: 0,
            end: 3,
          } as const;
          asked.push({ text, say: (found) => resolve([found ? [match] : []]) });
        }),
    }));
    const journey = openJourney(policy);
    const { flow, socket } = open(journey);
    const late: string[] = [];
    socket.late?.listen((take) => {
      for (const command of take()) if (command.type === 'forward') late.push(command.data ?? '');
    });
    return { journey, flow, socket, asked, late };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const textOf = (messages: readonly string[]) =>
    messages
      .map((message) => JSON.parse(message) as { type: string; delta?: string })
      .map(({ type, delta }) => (type === 'response.output_text.delta' ? delta : ''))
      .join('');

  it('waits, and is asked about once, however often the provider repeats it', async () => {
    const { journey, flow, socket, asked, late } = openAsked();
    await socket.message('client', call('hi'));
    const events = answer('the plane lands');
    const atOnce = await serve(socket, events);
    expect(textOf(atOnce)).toBe('');
    expect(asked.map(({ text }) => text)).toEqual(['the plane lands']);
    expect(socket.late?.waiting).toBe(true);
    expect(journey.exchanges).toEqual([]);
    asked[0]?.say(false);
    await settled();
    expect([...atOnce, ...late]).toEqual(events);
    expect(socket.late?.waiting).toBe(false);
    expect(journey.exchanges).toMatchObject([{ effective: 'allow', result: 'complete' }]);
    end(flow);
  });

  it('is refused by a message in its place; the socket and the next call live on', async () => {
    const { journey, flow, socket, asked, late } = openAsked();
    await socket.message('client', call('hi'));
    const atOnce = await serve(socket, answer('the falcon lands'));
    asked[0]?.say(true);
    await settled();
    expect([...atOnce, ...late].join('')).not.toContain('falcon');
    expect(late.at(-1)).toContain('code name');
    expect(journey.exchanges).toMatchObject([{ effective: 'block' }]);
    await socket.message('client', call('again'));
    const next = serve(socket, answer('fine'));
    await settled();
    asked[1]?.say(false);
    await next;
    await settled();
    expect(textOf(late)).toBe('fine');
    end(flow);
  });

  it('what comes after it does not overtake its end', async () => {
    const { flow, socket, asked, late } = openAsked();
    await socket.message('client', call('hi'));
    await serve(socket, answer('the plane lands'));
    let passed = false;
    const after = Promise.resolve(socket.message('server', '{"type":"rate_limits.updated"}')).then(() => {
      passed = true;
    });
    await settled();
    expect(passed).toBe(false);
    asked[0]?.say(false);
    await after;
    expect(late.at(-1)).toContain('response.completed');
    end(flow);
  });

  it('a socket that closes meanwhile leaves a record', async () => {
    const { journey, flow, socket, asked, late } = openAsked();
    await socket.message('client', call('hi'));
    await serve(socket, answer('the plane lands'));
    const before = late.length;
    end(flow);
    asked[0]?.say(true);
    await settled();
    expect(late.length).toBe(before);
    expect(journey.exchanges.map(({ result }) => result)).toEqual(['client-aborted', 'complete']);
  });
});

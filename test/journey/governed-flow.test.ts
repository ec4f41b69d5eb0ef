/** One request from head to record: what the policy says is what each side gets. */
import { describe, expect, it } from 'vitest';
import { policyOf, starterOf } from '../kit/decide.ts';
import { CHAT, converse, decisionIdOf, MESSAGES, openFlow, openJourney } from '../kit/dialogue.ts';
import { anthropic, openaiChat } from '../kit/fake-provider/answers.ts';
import { liveLookingAwsKey } from '../kit/office.ts';

const KEY = liveLookingAwsKey(31);
const chat = (content: string, extra: object = {}) => ({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content }],
  ...extra,
});
const answer = { chunks: [openaiChat.body({ text: 'hello' }, 'gpt-4o-mini')] };

describe('a harmless call', () => {
  it('reaches both sides byte for byte, bears the decision, and is recorded with tokens and money', async () => {
    const journey = openJourney(starterOf('baseline'));
    const body =
      '{ "model":"gpt-4o-mini",\n "unknown": 1.0, "messages":[{"role":"user","content":"h\\u0069"}] }';
    const turn = await converse(journey, { body, headers: { 'user-agent': 'OpenAI/JS 6.1.0' } }, answer);
    expect(turn).toMatchObject({ sent: body, status: 200, received: answer.chunks[0], result: 'complete' });
    expect(decisionIdOf(turn)).toBe(journey.exchanges[0]?.id);
    expect(journey.exchanges).toHaveLength(1);
    expect(journey.exchanges[0]).toMatchObject({
      service: 'openai',
      host: 'api.openai.com',
      operation: 'generate',
      model: 'gpt-4o-mini',
      app: { id: 'openai-js' },
      user: 'anna',
      device: 'laptop-7',
      decision: 'allow',
      effective: 'allow',
      findings: {},
      result: 'complete',
      status: 200,
      usage: { inputTokens: 21, outputTokens: 9 },
      usageEstimated: false,
      cost: { estimated: false },
    });
    expect(journey.exchanges[0]).not.toHaveProperty('content');
  });

  it('that the provider refuses is passed on and costs nothing', async () => {
    const journey = openJourney(starterOf('baseline'));
    const turn = await converse(journey, { body: chat('hi') }, { status: 429, chunks: ['{"error":{}}'] });
    expect(turn).toMatchObject({ status: 429, received: '{"error":{}}' });
    expect(journey.exchanges[0]).toMatchObject({ status: 429, effective: 'allow', cost: undefined });
  });

  it("is not an exchange where it is the app's own housekeeping, and not ours where nothing names it", async () => {
    const journey = openJourney(starterOf('baseline'));
    await converse(journey, { url: 'https://api.openai.com/v1/models' });
    expect(journey.exchanges[0]).toMatchObject({ operation: 'control', cost: undefined });
    const flow = openFlow(journey.governor, { url: 'https://example.com/', body: KEY });
    expect(flow.requestPlan).toEqual({ type: 'stream' });
    flow.finish({ result: 'complete', cause: undefined, requestBytes: 0, responseBytes: 0, addedMs: 0 });
    expect(journey.exchanges).toHaveLength(1);
  });
});

describe('a secret in the request', () => {
  const rule = (action: string, extra = '') =>
    `guardrails: [{ id: no-secrets, detect: secrets, action: ${action}, message: Use the vault.${extra} }]\n`;

  it.each([
    [CHAT, chat(`key ${KEY}`), /"type":"invalid_request_error"/],
    [MESSAGES, { max_tokens: 9, ...chat(`key ${KEY}`), model: 'claude-sonnet-4-5' }, /"type":"error"/],
  ])('block: nothing is sent, the caller reads why in the words of %s', async (url, body, shape) => {
    const journey = openJourney(rule('block'));
    const turn = await converse(journey, { url, body });
    expect(turn).toMatchObject({ sent: undefined, status: 400, result: 'refused' });
    expect(turn.received).toMatch(shape);
    for (const words of ['no-secrets', 'AWS access key', 'Use the vault.', decisionIdOf(turn) ?? 'no id'])
      expect(turn.received).toContain(words);
    expect(turn.received).not.toContain(KEY);
    const [record] = journey.exchanges;
    expect(record).toMatchObject({
      decision: 'block',
      effective: 'block',
      result: 'refused',
      findings: { 'aws-access-key-id': 1 },
      cost: undefined,
    });
    expect(record?.reasons).toContainEqual(
      expect.objectContaining({ rule: 'no-secrets', action: 'block', message: 'Use the vault.' }),
    );
    expect(JSON.stringify(record)).not.toContain(KEY);
  });

  it('redact: only those characters change', async () => {
    const journey = openJourney(rule('redact'));
    const body = `{"model":"gpt-4o-mini","n":1.0,"messages":[{"role":"user","content":"a ${KEY} b"}], "x":{}}`;
    const turn = await converse(journey, { body }, answer);
    expect(turn.sent).toBe(body.replace(KEY, '[REDACTED:aws-access-key-id]'));
    expect(journey.exchanges[0]).toMatchObject({
      decision: 'redact',
      effective: 'redact',
      result: 'complete',
    });
  });

  it('warn: it passes, and is recorded', async () => {
    const journey = openJourney(rule('warn'));
    const turn = await converse(journey, { body: chat(KEY) }, answer);
    expect(turn.sent).toContain(KEY);
    expect(journey.exchanges[0]).toMatchObject({ effective: 'warn', findings: { 'aws-access-key-id': 1 } });
  });

  it('shadow: the decision is block, what was done is allow', async () => {
    const journey = openJourney(`${rule('block')}rollout: { shadow: true }\n`);
    const turn = await converse(journey, { body: chat(KEY) }, answer);
    expect(turn.sent).toContain(KEY);
    expect(journey.exchanges[0]).toMatchObject({ decision: 'block', effective: 'allow' });
  });

  it.each(['block', 'warn'] as const)('a detector that throws: onFailure %s decides', async (onFailure) => {
    const journey = openJourney(rule('block', `, onFailure: ${onFailure}`), {
      scan: () => {
        throw new Error('broken');
      },
    });
    const turn = await converse(journey, { body: chat('harmless') }, answer);
    expect(turn.sent === undefined).toBe(onFailure === 'block');
    expect(journey.exchanges[0]).toMatchObject({ effective: onFailure });
    expect(JSON.stringify(journey.exchanges[0])).not.toContain('broken');
  });
});

describe('rules that need no body', () => {
  it('a service that is blocked is refused at the head, unread', async () => {
    const journey = openJourney('services: [{ match: openai, mode: block, message: Use the other one. }]\n');
    const flow = openFlow(journey.governor, { body: chat('hi') });
    expect(flow.requestPlan).toMatchObject({ type: 'refuse', response: { status: 400 } });
    expect(JSON.stringify(flow.requestPlan)).toContain('Use the other one.');
  });

  it('a gateway that does not exist refuses, and never lets the call go another way', async () => {
    const journey = openJourney('services: [{ match: openai, mode: gateway }]\n');
    const turn = await converse(journey, { body: chat('hi') }, answer);
    expect(turn.sent).toBeUndefined();
    expect(turn.received).toContain("company's gateway");
    expect(journey.exchanges[0]).toMatchObject({ mode: 'gateway', effective: 'block', result: 'refused' });
  });
});

describe('a body that can not be read', () => {
  it.each([
    ['warn', 'this is not JSON', 'sent'],
    ['block', 'this is not JSON', 'refused'],
    ['allow', '[1,2]', 'sent'],
  ] as const)('%s: %s', async (action, body, outcome) => {
    const journey = openJourney(`failure: { unreadableRequest: ${action} }\n`);
    const turn = await converse(journey, { body }, answer);
    expect(turn.sent === undefined ? 'refused' : 'sent').toBe(outcome);
    expect(journey.exchanges[0]).toMatchObject({ effective: action });
  });

  it('too large: the policy decides, by default it is refused', () => {
    const journey = openJourney('');
    const flow = openFlow(journey.governor, { body: chat('hi') });
    expect(flow.requestBodyFailed('too-large')).toMatchObject({ type: 'refuse' });
    const lenient = openJourney('failure: { oversizedRequest: allow }\n');
    expect(openFlow(lenient.governor, { body: chat('hi') }).requestBodyFailed('too-large')).toEqual({
      type: 'forward',
    });
  });
});

describe('time and change', () => {
  it('a flow keeps the policy that it began with', async () => {
    const journey = openJourney('models: [{ match: "gpt*", action: block }]\n');
    const flow = openFlow(journey.governor, { body: chat('hi') });
    journey.use(policyOf(''));
    expect(await flow.requestBody(Buffer.from(JSON.stringify(chat('hi'))))).toMatchObject({ type: 'refuse' });
    expect((await converse(journey, { body: chat('hi') }, answer)).sent).toBeDefined();
  });

  it('a caller that leaves before its body came still leaves a record', () => {
    const journey = openJourney(starterOf('baseline'));
    const flow = openFlow(journey.governor, { body: chat('hi') });
    journey.wait(1500);
    flow.finish({
      result: 'client-aborted',
      cause: undefined,
      requestBytes: 3,
      responseBytes: 0,
      addedMs: 0,
    });
    const [record] = journey.exchanges;
    expect(record).toMatchObject({ result: 'client-aborted', service: 'openai', cost: undefined });
    expect((record?.endedAtMs ?? 0) - (record?.startedAtMs ?? 0)).toBe(1500);
  });

  it.each([
    ['after its end', 99, 'complete'],
    ['in its middle', 4, 'client-aborted'],
  ])('a caller that hangs up on an answer %s leaves a record', async (_when, pieces, result) => {
    const journey = openJourney(starterOf('baseline'));
    const flow = openFlow(journey.governor, { body: { ...chat('hi'), stream: true } });
    await flow.requestBody(Buffer.from(JSON.stringify({ ...chat('hi'), stream: true })));
    flow.responseHead(200, ['content-type', 'text/event-stream']);
    const stream = openaiChat.stream({ text: 'a long answer, word by word' }, 'gpt-4o-mini', false);
    for (const piece of stream.slice(0, pieces)) await flow.responseData(Buffer.from(piece));
    const left = { cause: undefined, requestBytes: 9, responseBytes: 99, addedMs: 0 };
    await flow.finish({ result: 'client-aborted', ...left });
    expect(journey.exchanges[0]).toMatchObject({ result, status: 200 });
  });

  it('an answer that breaks off is charged by what was seen of it, as an estimate', async () => {
    const journey = openJourney(starterOf('baseline'));
    const stream = anthropic.stream({ text: 'a long answer, word by word' }, 'claude-sonnet-4-5');
    const turn = await converse(
      journey,
      {
        url: MESSAGES,
        body: { ...chat('hi', { stream: true, max_tokens: 99 }), model: 'claude-sonnet-4-5' },
      },
      { type: 'text/event-stream', chunks: stream.slice(0, 5), broken: true },
    );
    expect(turn.result).toBe('upstream-failed');
    expect(journey.exchanges[0]).toMatchObject({ result: 'upstream-failed', usageEstimated: true });
    expect(journey.exchanges[0]?.cost?.nanoUsd).toBeGreaterThan(0);
  });
});

describe('text in the record', () => {
  const MODEL = 'models: [{ match: "gpt*", action: block }]\n';
  it.each([
    ['never', 'gpt-4o-mini', undefined],
    ['blocked', 'gpt-4o-mini', 'the question'],
    ['blocked', 'o5-mini', undefined],
    ['always', 'o5-mini', 'the question'],
  ])('content %s, %s', async (content, model, kept) => {
    const journey = openJourney(`privacy: { content: ${content} }\n${MODEL}`);
    await converse(journey, { body: chat('the question', { model }) }, answer);
    expect(journey.exchanges[0]?.content?.request).toBe(kept);
  });
});

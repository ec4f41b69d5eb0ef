/** Where calls go that the policy sends through the gateway: key, path, turn, failover, and what happens without it. */
import { describe, expect, it } from 'vitest';
import { Forecaster } from '../../agent/src/account/forecast.ts';
import { SpendBook } from '../../agent/src/account/spend/spend-book.ts';
import { headerValue } from '../../agent/src/core/connection.ts';
import type { Flow, RequestVerdict } from '../../agent/src/core/flow.ts';
import type { CentralGateway } from '../../agent/src/sync/gateways/central-gateway.ts';
import { NOW_MS, policyOf } from '../kit/decide.ts';
import { CHAT, type Journey, MESSAGES, openFlow, openJourney } from '../kit/dialogue.ts';
import { openaiChat, openaiResponses } from '../kit/fake-provider/answers.ts';
import { openCentral, SECRET, testKeys } from '../kit/gateways/central.ts';

const ROUTED = 'services: [{ match: [openai, anthropic, gemini, mistral], mode: gateway }]\n';
const RESPONSES = 'https://api.openai.com/v1/responses';
const DONE = { result: 'complete', cause: undefined, requestBytes: 1, responseBytes: 1, addedMs: 0 } as const;
const user = { role: 'user', content: 'What is a postern?' };
const chat = (messages: readonly object[] = [user], model = 'gpt-4o-mini') => ({ model, messages });
/** The same conversation, after the model has asked for a tool and got its result. */
const afterTool = [
  user,
  {
    role: 'assistant',
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: 'c1', content: 'a small door' },
];

interface Asked {
  readonly flow: Flow;
  readonly verdict: RequestVerdict;
}

async function ask(
  { governor }: Journey,
  body: object | undefined,
  { url = CHAT, headers = {} }: { url?: string; headers?: Record<string, string> } = {},
): Promise<Asked> {
  const flow = openFlow(governor, { url, headers, ...(body !== undefined && { body }) });
  const plan = flow.requestPlan;
  if (plan.type === 'refuse') return { flow, verdict: plan };
  if (plan.type === 'stream') return { flow, verdict: { type: 'forward' } };
  return {
    flow,
    verdict: await flow.requestBody(Buffer.from(body === undefined ? '' : JSON.stringify(body))),
  };
}

const sentTo = ({ verdict }: Asked) =>
  verdict.type === 'refuse' ? verdict.response.body : (verdict.target?.host ?? 'its provider');
const keyOf = ({ verdict }: Asked) =>
  verdict.type === 'forward' ? headerValue(verdict.setHeaders ?? [], 'x-bf-vk') : undefined;
const open = (policy = ROUTED, gateway: CentralGateway | undefined = openCentral()) =>
  openJourney(policyOf(policy), { gateway: () => gateway });

describe('a routed call', () => {
  it('leaves for the gateway with key and attribution, its credential stays', async () => {
    const journey = open();
    const asked = await ask(journey, chat(), { headers: { authorization: 'Bearer sk-own', cookie: 'a=b' } });
    expect(asked.verdict).toMatchObject({
      type: 'forward',
      target: { host: 'ai.acme.com', port: 443, configured: true },
      scheme: 'https',
      path: '/openai/v1/chat/completions',
      removeHeaders: ['authorization', 'cookie'],
    });
    expect(keyOf(asked)).toBe(SECRET);
    const set = asked.verdict.type === 'forward' ? (asked.verdict.setHeaders ?? []) : [];
    expect(headerValue(set, 'x-bf-dim-user')).toBe('anna');
    expect(headerValue(set, 'x-bf-dim-device')).toBe('laptop-7');
    const plan = asked.flow.responseHead(200, ['content-type', 'application/json']);
    // A session at the gateway is not the provider's to see.
    expect(plan.removeHeaders).toEqual(['set-cookie']);
    asked.flow.responseData(Buffer.from(openaiChat.body({ text: 'hi' }, 'gpt-4o-mini')));
    asked.flow.finish(DONE);
    expect(journey.exchanges[0]).toMatchObject({ mode: 'gateway', key: 'ada', host: 'api.openai.com' });
    expect(journey.exchanges[0]?.reasons.map(({ text }) => text)).toEqual([
      'It goes through Bifrost at ai.acme.com with the key "ada".',
    ]);
    expect(JSON.stringify(journey.exchanges)).not.toContain(SECRET);
  });

  it('that is answered speaks for its key, one that is refused does not', async () => {
    const keys = testKeys();
    const journey = open(ROUTED, openCentral({ keys }));
    const refused = await ask(journey, chat());
    refused.flow.responseHead(401, ['content-type', 'application/json']);
    expect(keys.acceptances).toEqual([]);
    const answered = await ask(journey, chat());
    answered.flow.responseHead(200, ['content-type', 'application/json']);
    expect(keys.acceptances).toEqual(['ada']);
  });

  it.each<[string, number, string | undefined, string | undefined]>([
    ['an answer that it calls text', 200, 'text/plain; charset=utf-8', 'application/json'],
    ['an answer that it calls nothing', 200, undefined, 'application/json'],
    ['an answer that it calls what it is', 200, 'application/json', undefined],
    ['a stream', 200, 'text/event-stream', undefined],
    ['an error in place of a stream', 503, 'text/event-stream', 'application/json'],
    ['an error that it calls text', 429, 'text/plain', 'application/json'],
  ])('passed through by Bifrost: %s (%i)', async (_name, status, said, told) => {
    const asked = await ask(open('services: [{ match: [anthropic], mode: passthrough }]\n'), chat(), {
      url: MESSAGES,
    });
    const plan = asked.flow.responseHead(status, said === undefined ? [] : ['content-type', said]);
    expect(headerValue(plan.setHeaders ?? [], 'content-type')).toBe(told);
  });

  it('names the model as the gateway does, where it has to', async () => {
    const settings = { models: { 'gpt-4o*': 'azure/gpt-4o*' } };
    const journey = open(ROUTED, openCentral({ kind: 'litellm', settings }));
    const { verdict } = await ask(journey, chat());
    const body = verdict.type === 'forward' ? String(Buffer.from(verdict.body ?? [])) : '';
    expect(JSON.parse(body)).toMatchObject({ model: 'azure/gpt-4o-mini', messages: [user] });
    const mistral = await ask(open(), chat([user], 'mistral-large'), {
      url: 'https://api.mistral.ai/v1/chat/completions',
    });
    expect(mistral.verdict).toMatchObject({ path: '/v1/chat/completions' });
    const named = mistral.verdict.type === 'forward' ? String(Buffer.from(mistral.verdict.body ?? [])) : '';
    expect(JSON.parse(named)).toMatchObject({ model: 'mistral/mistral-large' });
  });

  it.each([
    ['an image', 'https://api.openai.com/v1/images/generations', { prompt: 'x' }],
    ['a file', 'https://api.openai.com/v1/files', { purpose: 'batch' }],
    ['a batch', 'https://api.anthropic.com/v1/messages/batches', { requests: [] }],
    ['a path that nobody knows', 'https://api.openai.com/v1/whatever', undefined],
  ])('that the gateway does not serve is refused: %s', async (_name, url, body) => {
    const asked = await ask(open(), body, { url });
    expect(sentTo(asked)).toContain("doesn't take this kind of call");
  });

  it("the app's own housekeeping goes where its credential belongs", async () => {
    const journey = open();
    const asked = await ask(journey, undefined, {
      url: 'https://api.anthropic.com/api/claude_code/settings',
    });
    expect(sentTo(asked)).toBe('its provider');
    asked.flow.finish(DONE);
    expect(journey.exchanges[0]).toMatchObject({ mode: 'direct' });
  });

  it('model lists and token counts go along', async () => {
    const models = await ask(open(), undefined, { url: 'https://api.anthropic.com/v1/models' });
    expect(models.verdict).toMatchObject({ path: '/anthropic/v1/models' });
    const count = await ask(
      open(),
      { model: 'claude-opus-5', messages: [user] },
      {
        url: 'https://api.anthropic.com/v1/messages/count_tokens',
      },
    );
    expect(count.verdict).toMatchObject({ path: '/anthropic/v1/messages/count_tokens' });
  });

  it('a WebSocket is told to use HTTP; one that nobody reads is refused', () => {
    const flow = openFlow(open().governor, { url: RESPONSES }, true);
    expect(flow.requestPlan).toMatchObject({ type: 'refuse', response: { status: 426 } });
    const realtime = openFlow(open().governor, { url: 'https://api.openai.com/v1/realtime' }, true);
    expect(realtime.requestPlan).toMatchObject({ type: 'refuse', response: { status: 400 } });
  });

  it('on a socket that was open before the model was known is refused, with what to do', async () => {
    const journey = open('services: [{ match: [openai], mode: gateway, when: \'model == "gpt-5"\' }]\n');
    const flow = openFlow(journey.governor, { url: RESPONSES }, true);
    expect(flow.requestPlan).toEqual({ type: 'stream' });
    const message = (model: string) => JSON.stringify({ type: 'response.create', model, input: 'hi' });
    const plan = flow.openWebSocket();
    expect(await plan.message('client', message('gpt-4o'))).toEqual([{ type: 'forward' }]);
    const [reply] = await plan.message('client', message('gpt-5'));
    expect(reply).toMatchObject({
      type: 'reply',
      data: expect.stringContaining('over HTTP it would go there'),
    });
  });

  it('in shadow mode goes where it would go without the policy', async () => {
    const journey = open(`${ROUTED}rollout: { shadow: true }\n`);
    const asked = await ask(journey, chat());
    expect(sentTo(asked)).toBe('its provider');
    asked.flow.finish(DONE);
    expect(journey.exchanges[0]).toMatchObject({ mode: 'direct', effective: 'allow' });
    expect(journey.exchanges[0]?.reasons.at(-1)?.text).toContain('on trial');
  });

  it('without a gateway, or without a key, is refused', async () => {
    const without = await ask(openJourney(policyOf(ROUTED)), chat());
    expect(sentTo(without)).toContain('this agent has none');
    const keys = testKeys();
    keys.use(undefined);
    expect(sentTo(await ask(open(ROUTED, openCentral({ keys })), chat()))).toContain('no virtual key');
  });

  it('in pass-through keeps its credential for its own provider, and tells the key apart', async () => {
    const asked = await ask(
      open('services: [{ match: [anthropic], mode: passthrough }]\n'),
      { model: 'claude-opus-5', max_tokens: 5, messages: [user] },
      { url: MESSAGES, headers: { authorization: 'Bearer sub', cookie: 'a=b', 'api-key': 'azure' } },
    );
    expect(asked.verdict).toMatchObject({ path: '/anthropic_passthrough/v1/messages' });
    const removed = asked.verdict.type === 'forward' ? asked.verdict.removeHeaders : [];
    expect(removed).toEqual(['cookie', 'api-key']);
    expect(keyOf(asked)).toBe(SECRET);
  });

  it("the gateway's own host is never intercepted", () => {
    const journey = open('services: [{ match: ["ai.acme.com"], mode: direct }]\n');
    expect(journey.governor.routeConnection({ host: 'ai.acme.com', port: 443 })).toBe('tunnel');
    const other = openJourney(policyOf('services: [{ match: ["ai.acme.com"], mode: direct }]\n'));
    expect(other.governor.routeConnection({ host: 'ai.acme.com', port: 443 })).toBe('inspect');
  });
});

describe('a turn', () => {
  it('keeps its key while tools answer, whatever key becomes active', async () => {
    const keys = testKeys();
    const journey = open(ROUTED, openCentral({ keys }));
    expect(keyOf(await ask(journey, chat()))).toBe(SECRET);
    keys.use({ name: 'grace', secret: 'another' });
    expect(keyOf(await ask(journey, chat(afterTool)))).toBe(SECRET);
    const next = [
      ...afterTool,
      { role: 'assistant', content: 'A door.' },
      { role: 'user', content: 'Thanks' },
    ];
    expect(keyOf(await ask(journey, chat(next)))).toBe('another');
  });

  it('keeps its way when the policy changes, but not past a block', async () => {
    const journey = open();
    expect(sentTo(await ask(journey, chat()))).toBe('ai.acme.com');
    journey.use(policyOf('services: [{ match: [openai], mode: direct }]\n'));
    expect(sentTo(await ask(journey, chat(afterTool)))).toBe('ai.acme.com');
    expect(sentTo(await ask(journey, chat([{ role: 'user', content: 'Something else' }])))).toBe(
      'its provider',
    );
    journey.use(policyOf('services: [{ match: [openai], mode: block }]\n'));
    expect(sentTo(await ask(journey, chat(afterTool)))).toContain('Postern stopped this call');
  });

  it('that began directly ends directly', async () => {
    const journey = open('services: [{ match: [openai], mode: direct }]\n');
    expect(sentTo(await ask(journey, chat()))).toBe('its provider');
    journey.use(policyOf(ROUTED));
    expect(sentTo(await ask(journey, chat(afterTool)))).toBe('its provider');
    journey.wait(16 * 60_000);
    expect(sentTo(await ask(journey, chat(afterTool)))).toBe('ai.acme.com');
  });

  it('of OpenAI Responses is known by its last answer', async () => {
    const keys = testKeys();
    const journey = open(ROUTED, openCentral({ keys }));
    const first = await ask(journey, { model: 'gpt-5', input: 'hi' }, { url: RESPONSES });
    first.flow.responseHead(200, ['content-type', 'application/json']);
    first.flow.responseData(Buffer.from(openaiResponses.body({ text: 'x' }, 'gpt-5')));
    first.flow.responseEnd();
    first.flow.finish(DONE);
    keys.use({ name: 'grace', secret: 'another' });
    const id = (JSON.parse(openaiResponses.body({ text: 'x' }, 'gpt-5')) as { id: string }).id;
    const input = [{ type: 'function_call_output', call_id: 'c1', output: 'a small door' }];
    const second = await ask(
      journey,
      { model: 'gpt-5', previous_response_id: id, input },
      { url: RESPONSES },
    );
    expect(keyOf(second)).toBe(SECRET);
  });

  it('lets go of a key that the gateway refuses', async () => {
    const keys = testKeys();
    const journey = open(ROUTED, openCentral({ keys }));
    const first = await ask(journey, chat());
    first.flow.responseHead(401, ['content-type', 'application/json']);
    await first.flow.responseBody(
      Buffer.from('{"type":"virtual_key_not_found","error":{"message":"unknown"}}'),
    );
    expect(keys.refusals).toEqual([['ada', 'unknown']]);
    keys.use({ name: 'grace', secret: 'another' });
    expect(keyOf(await ask(journey, chat(afterTool)))).toBe('another');
  });
});

describe('a base URL that does not answer', () => {
  const two = () => openCentral({ baseUrls: ['https://one.acme.com', 'https://two.acme.com/ai/v1'] });

  it('is left for the next one, which then takes the calls', async () => {
    const journey = open(ROUTED, two());
    const asked = await ask(journey, chat());
    expect(sentTo(asked)).toBe('one.acme.com');
    const again = asked.flow.sendFailed?.('connect-refused');
    expect(again).toMatchObject({ target: { host: 'two.acme.com' }, path: '/ai/openai/v1/chat/completions' });
    asked.flow.finish(DONE);
    expect(sentTo(await ask(journey, chat()))).toBe('two.acme.com');
  });

  it.each([
    ['refuse', 'lets no call pass without it'],
    ['direct', 'forward'],
    ['tunnel', 'forward'],
  ] as const)('nor any other: the policy says %s', async (then, expected) => {
    const journey = open(`${ROUTED}failure: { gatewayDown: ${then} }\n`, two());
    const asked = await ask(journey, chat(), { headers: { authorization: 'Bearer sk-own' } });
    asked.flow.sendFailed?.('connect-refused');
    const last = asked.flow.sendFailed?.('connect-timeout');
    if (last?.type === 'refuse') expect(last.response).toMatchObject({ status: 400 });
    expect(last?.type === 'refuse' ? last.response.body : last?.type).toContain(expected);
    if (last?.type === 'forward') expect(last).toEqual({ type: 'forward' });
    asked.flow.responseHead(200, ['content-type', 'application/json']);
    asked.flow.responseData(Buffer.from(openaiChat.body({ text: 'hi' }, 'gpt-4o-mini')));
    asked.flow.finish(DONE);
    expect(journey.exchanges[0]).toMatchObject({
      mode: then === 'refuse' ? 'gateway' : then,
      effective: then === 'refuse' ? 'block' : 'warn',
    });
    // The next one is not even tried.
    const next = await ask(journey, chat([{ role: 'user', content: 'next' }]));
    expect(sentTo(next)).toContain(then === 'refuse' ? expected : 'its provider');
  });

  it("going direct, the device's own rules hold", async () => {
    const rule =
      'guardrails: [{ id: falcon, detect: keyword, terms: [falcon], on: [request], action: redact }]\n';
    const journey = open(`${ROUTED}${rule}failure: { gatewayDown: direct }\n`);
    const asked = await ask(journey, chat([{ role: 'user', content: 'the falcon lands' }]));
    const last = asked.flow.sendFailed?.('connect-refused');
    expect(last?.type === 'forward' ? String(Buffer.from(last.body ?? [])) : '').toContain('[REDACTED');
  });
});

describe('what the key may do', () => {
  it('a model that it may not use is refused here', async () => {
    const gateway = await withQuota({
      provider_configs: [{ provider: 'openai', allowed_models: ['gpt-4o'] }],
    });
    const journey = open(ROUTED, gateway);
    expect(sentTo(await ask(journey, chat()))).toContain(
      'may not use gpt-4o-mini; it may use: openai/gpt-4o.',
    );
    expect(sentTo(await ask(journey, chat([user], 'gpt-4o')))).toBe('ai.acme.com');
  });

  it("a limit of the gateway's is kept here, and says when to come back, as the gateway would", async () => {
    const gateway = await withQuota({ rate_limit: { request_max_limit: 1, request_reset_duration: '1m' } });
    const book = new SpendBook({ nowMs: () => NOW_MS, monotonicMs: () => 0 });
    const spend = { book, forecaster: new Forecaster() };
    const journey = openJourney(policyOf(ROUTED), { gateway: () => gateway, spend });
    expect(sentTo(await ask(journey, chat()))).toBe('ai.acme.com');
    const { verdict } = await ask(journey, chat());
    expect(verdict).toMatchObject({ type: 'refuse', response: { status: 429 } });
    const headers = verdict.type === 'refuse' ? verdict.response.headers : [];
    expect(Number(headerValue(headers, 'retry-after'))).toBeGreaterThan(0);
    expect(headerValue(headers, 'x-should-retry')).toBeUndefined();
  });

  it('a key that is switched off is refused here', async () => {
    const journey = open(ROUTED, await withQuota({ is_active: false }));
    expect(sentTo(await ask(journey, chat()))).toContain('switched off');
  });
});

async function withQuota(quota: object): Promise<CentralGateway> {
  const body = Buffer.from(JSON.stringify({ virtual_key_name: 'ada', is_active: true, ...quota }));
  const gateway = openCentral({ send: async () => ({ status: 200, headers: [], body }) });
  await gateway.refreshQuota();
  return gateway;
}

/** Another service's opinion on the way of a call: waited for where it may stop something, beside the call where not. */
import { afterEach, describe, expect, it } from 'vitest';
import type { RequestHead } from '../../agent/src/core/flow.ts';
import type { ExchangeRecord } from '../../agent/src/core/records.ts';
import type { RemoteText } from '../../agent/src/core/remote.ts';
import { createJourney } from '../../agent/src/journey.ts';
import { sendToLoopback } from '../../agent/src/sync/loopback-http.ts';
import { createRemoteChecks } from '../../agent/src/sync/remote-checks/remote-checks.ts';
import { parsePolicy } from '../../policies/schema/parse-policy.ts';
import { type Answer, type CheckService, startCheckService } from '../kit/check-service.ts';
import { NOW_MS, policyOf } from '../kit/decide.ts';

const services: CheckService[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
});

/** A Presidio that knows falcons; answers are code points, as Presidio's are. */
const FALCONS: Answer = ({ body }) => {
  const at = [...String(body['text'])].join('\u0000').split('\u0000').join('').indexOf('falcon');
  return at < 0
    ? []
    : [
        {
          entity_type: 'CODE_NAME',
          start: [...String(body['text']).slice(0, at)].length,
          end: [...String(body['text']).slice(0, at)].length + 6,
          score: 0.9,
        },
      ];
};

async function office(rule: string, answer: Answer = FALCONS) {
  const service = await startCheckService(answer);
  services.push(service);
  const checks = createRemoteChecks({
    send: sendToLoopback,
    credentialsDirectory: '/nowhere',
    nowMs: () => performance.now(),
    dateMs: () => NOW_MS,
    log: () => undefined,
  });
  const yaml = `guardrails: [{ id: names, detect: remote, provider: presidio, url: ${service.url}/analyze, timeoutMs: 400, ${rule} }]`;
  const compiled = policyOf(yaml, (one) => checks.checkFor(one));
  const records: ExchangeRecord[] = [];
  const tracked: Promise<void>[] = [];
  const journey = createJourney({
    policy: () => compiled,
    scan: (detector, text) => detector.scan(text),
    recorder: {
      exchange: (record) => void records.push(record),
      event: () => undefined,
      flush: async () => undefined,
    },
    nowMs: () => NOW_MS,
    newId: () => 'd-1',
    track: (work) => void tracked.push(work),
    device: 'laptop',
    user: () => 'ann',
  });
  const head: RequestHead = {
    method: 'POST',
    scheme: 'https',
    authority: { host: 'api.anthropic.com', port: 443 },
    path: '/v1/messages',
    headers: ['content-type', 'application/json'],
    httpVersion: '1.1',
    webSocket: false,
    hasBody: true,
  };
  const open = () => journey.openFlow(head, {} as Parameters<typeof journey.openFlow>[1]);
  return { service, records, tracked, open };
}

const bodyOf = (text: string, stream = false): Buffer =>
  Buffer.from(
    JSON.stringify({
      model: 'claude-opus-5',
      max_tokens: 5,
      stream,
      messages: [{ role: 'user', content: text }],
    }),
  );
const DONE = { result: 'complete', cause: undefined, requestBytes: 1, responseBytes: 1, addedMs: 0 } as const;
const SILENT: Answer = () => undefined;
const answerOf = (text: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-5',
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    }),
  );

describe('requests', () => {
  it('a record that waits for an opinion is work that a stop can wait for', async () => {
    const { open, records, tracked } = await office('action: warn');
    const flow = open();
    expect(await flow.requestBody(bodyOf('the falcon lands'))).toEqual({ type: 'forward' });
    flow.responseHead(200, ['content-type', 'application/json']);
    void flow.finish(DONE);
    expect([records.length, tracked.length]).toEqual([0, 1]);
    await tracked[0];
    expect(records).toMatchObject([{ effective: 'warn' }]);
  });

  it('a rule that blocks is waited for', async () => {
    const { open } = await office('action: block');
    const verdict = await open().requestBody(bodyOf('the falcon lands'));
    expect(verdict).toMatchObject({ type: 'refuse' });
    expect(await open().requestBody(bodyOf('the plane lands'))).toEqual({ type: 'forward' });
  });

  it('a rule that redacts takes out what the service has placed, whatever stands before it', async () => {
    const { open } = await office('action: redact');
    const verdict = await open().requestBody(bodyOf('🙂🙂 the falcon lands'));
    expect(verdict.type === 'forward' && String(verdict.body)).toContain(
      '🙂🙂 the [REDACTED:code-name] lands',
    );
  });

  it.each([
    ['block', 'refuse'],
    ['warn', 'forward'],
    ['allow', 'forward'],
  ])('a service that is silent: onFailure %s', async (onFailure, type) => {
    const { open, records } = await office(`action: block, onFailure: ${onFailure}`, SILENT);
    const flow = open();
    const verdict = await flow.requestBody(bodyOf('the falcon lands'));
    expect(verdict.type).toBe(type);
    await flow.finish(DONE);
    expect(records[0]?.reasons).toMatchObject([
      { action: onFailure, text: expect.stringContaining('got no answer from its service in time') },
    ]);
  });

  it.each(['allow', 'warn'])(
    'a rule that would only %s does not delay the call, and its finding is in the record',
    async (action) => {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const { open, records } = await office(`action: ${action}`, async (asked, response) => {
        await released;
        return FALCONS(asked, response);
      });
      const flow = open();
      // Not a promise: nothing was waited for.
      expect(flow.requestBody(bodyOf('the falcon lands'))).toEqual({ type: 'forward' });
      const finished = flow.finish(DONE);
      expect(records).toHaveLength(0);
      release();
      await finished;
      expect(records).toMatchObject([{ decision: action, effective: action, findings: { 'code-name': 1 } }]);
    },
  );

  it('in shadow nothing is waited for either', async () => {
    const { open, records } = await office('action: block, shadow: true');
    const flow = open();
    expect(flow.requestBody(bodyOf('the falcon lands'))).toEqual({ type: 'forward' });
    await flow.finish(DONE);
    expect(records).toMatchObject([{ decision: 'block', effective: 'allow' }]);
  });

  it('only the places and roles that the rule is about are sent', async () => {
    const { service, open } = await office('action: block, on: [tool-result]');
    const body = {
      model: 'claude-opus-5',
      max_tokens: 5,
      system: 'a system prompt',
      tools: [{ name: 'Bash', description: 'runs things', input_schema: { type: 'object' } }],
      messages: [
        { role: 'user', content: 'a question' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'Bash', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'a result' }] },
      ],
    };
    await open().requestBody(Buffer.from(JSON.stringify(body)));
    expect(service.asked.map((one) => (one.body as unknown as RemoteText).text)).toEqual(['a result']);
  });
});

describe('answers', () => {
  it('an unstreamed one waits, and is refused', async () => {
    const { open, records } = await office('on: [response], action: block');
    const flow = open();
    expect(await flow.requestBody(bodyOf('hello'))).toEqual({ type: 'forward' });
    expect(flow.responseHead(200, ['content-type', 'application/json']).type).toBe('hold');
    expect(await flow.responseBody(answerOf('the falcon lands'))).toMatchObject({ type: 'refuse' });
    await flow.finish(DONE);
    expect(records).toMatchObject([{ decision: 'block', effective: 'block', findings: { 'code-name': 1 } }]);
  });

  it('a harmless one passes as it came', async () => {
    const { open } = await office('on: [response], action: block');
    const flow = open();
    await flow.requestBody(bodyOf('hello'));
    flow.responseHead(200, ['content-type', 'application/json']);
    expect(await flow.responseBody(answerOf('the plane lands'))).toEqual({ type: 'forward' });
  });

  it('one that can not be checked follows onFailure', async () => {
    const { open } = await office('on: [response], action: block', SILENT);
    const flow = open();
    await flow.requestBody(bodyOf('hello'));
    flow.responseHead(200, ['content-type', 'application/json']);
    expect(await flow.responseBody(answerOf('the plane lands'))).toMatchObject({ type: 'refuse' });
  });

  it('a streamed one is passed on at once; the record says what should have been done, and what was', async () => {
    const { open, records } = await office('on: [response], action: block');
    const flow = open();
    await flow.requestBody(bodyOf('hello', true));
    expect(flow.responseHead(200, ['content-type', 'text/event-stream']).type).toBe('tap');
    const events = [
      {
        type: 'message_start',
        message: { id: 'm', model: 'claude-opus-5', usage: { input_tokens: 1, output_tokens: 1 } },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'the fal' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'con lands' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_stop' },
    ];
    for (const event of events)
      flow.responseData(Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
    flow.responseEnd();
    await flow.finish(DONE);
    expect(records).toMatchObject([{ decision: 'block', effective: 'warn', findings: { 'code-name': 1 } }]);
  });

  it('policy check says that it can not stop a stream', () => {
    const text = JSON.stringify({
      postern: 1,
      name: 'test',
      guardrails: [
        {
          id: 'r',
          detect: 'remote',
          provider: 'presidio',
          url: 'https://p.example/analyze',
          on: ['response'],
          action: 'block',
        },
      ],
    });
    const parsed = parsePolicy(text, 'test.json');
    expect(parsed.ok && parsed.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('only when they are complete'),
    ]);
  });
});

/** Another service's opinion on the way of a call: waited for where it may stop something, beside the call where not. */
import { afterEach, describe, expect, it } from 'vitest';
import type { RemoteText } from '../../agent/src/core/remote.ts';
import type { Answer } from '../kit/check-service.ts';
import {
  answerOf,
  bodyOf,
  closeServices,
  DONE,
  FALCONS,
  remoteStage as office,
  SILENT,
  streamOf,
} from '../kit/remote-stage.ts';

afterEach(closeServices);

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

  const ARGUMENTS = JSON.stringify({ command: 'feed the falcon' });
  it.each<[string, string, string, object, (text: string) => object]>([
    [
      'OpenAI',
      'api.openai.com',
      '/v1/chat/completions',
      { model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] },
      (text) => ({
        id: 'c',
        object: 'chat.completion',
        model: 'gpt-4o',
        unknown: { kept: 1.0 },
        choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      }),
    ],
    [
      'OpenAI, in a tool call',
      'api.openai.com',
      '/v1/chat/completions',
      { model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] },
      (text) => ({
        id: 'c',
        object: 'chat.completion',
        model: 'gpt-4o',
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              content: text,
              tool_calls: [{ id: 't', type: 'function', function: { name: 'sh', arguments: ARGUMENTS } }],
            },
            finish_reason: 'tool_calls',
          },
        ],
      }),
    ],
    [
      'Anthropic',
      'api.anthropic.com',
      '/v1/messages',
      { model: 'claude-opus-5', max_tokens: 5, messages: [{ role: 'user', content: 'hello' }] },
      (text) => JSON.parse(String(answerOf(text))) as object,
    ],
    [
      'Gemini',
      'generativelanguage.googleapis.com',
      '/v1beta/models/gemini-2.5-pro:generateContent',
      { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] },
      (text) => ({
        candidates: [
          {
            content: { role: 'model', parts: [{ text }, { text: ' and the falcon again' }] },
            finishReason: 'STOP',
          },
        ],
        modelVersion: 'gemini-2.5-pro',
      }),
    ],
  ])('an unstreamed one of %s is asked about as a whole, and loses only what was found', async (...words) => {
    const [, host, path, request, answer] = words;
    const { service, open, records } = await office('on: [response], action: redact, windowChars: 50');
    const flow = open(host, path);
    expect(await flow.requestBody(Buffer.from(JSON.stringify(request)))).toEqual({ type: 'forward' });
    expect(flow.responseHead(200, ['content-type', 'application/json']).type).toBe('hold');
    const long = `${'🙂 a plane is no bird. '.repeat(20)}The falcon lands.`;
    const body = Buffer.from(JSON.stringify(answer(long), undefined, 1));
    const verdict = await flow.responseBody(body);
    const expected = String(body).replaceAll('falcon', (word, at: number) =>
      // The service tells the first of each text only.
      path.includes('gemini') && String(body).slice(at).startsWith('falcon again')
        ? word
        : '[REDACTED:code-name]',
    );
    expect(verdict.type === 'forward' && String(verdict.body)).toBe(expected);
    expect(service.asked.map((one) => String((one.body as unknown as RemoteText).text))[0]).toContain(long);
    await flow.finish(DONE);
    expect(records).toMatchObject([{ decision: 'redact', effective: 'redact' }]);
  });

  it('of an unstreamed one in which the service finds all of a text, all of it is taken out', async () => {
    const whole: Answer = ({ body }) => {
      const text = String(body['text']);
      return [{ entity_type: 'CODE_NAME', start: 0, end: [...text].length, score: 0.9 }];
    };
    const { open } = await office('on: [response], action: redact', whole);
    const flow = open();
    await flow.requestBody(bodyOf('hello'));
    flow.responseHead(200, ['content-type', 'application/json']);
    const verdict = await flow.responseBody(answerOf('the falcon lands'));
    expect(verdict.type === 'forward' && String(verdict.body)).toBe(String(answerOf('[REDACTED:code-name]')));
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

  it.each(['warn, onFailure: warn', 'block, shadow: true'])(
    'a streamed one that can not be stopped is passed on at once, and asked about when it is complete: %s',
    async (action) => {
      const { open, records } = await office(`on: [response], action: ${action}`);
      const flow = open();
      await flow.requestBody(bodyOf('hello', true));
      expect(flow.responseHead(200, ['content-type', 'text/event-stream']).type).toBe('tap');
      for (const event of streamOf(['the fal', 'con lands'])) flow.responseData(Buffer.from(event));
      flow.responseEnd();
      await flow.finish(DONE);
      expect(records).toMatchObject([{ findings: { 'code-name': 1 } }]);
    },
  );
});

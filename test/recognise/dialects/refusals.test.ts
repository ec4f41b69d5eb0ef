import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Refusal } from '../../../agent/src/core/decision.ts';
import type { DialectId } from '../../../agent/src/core/exchange.ts';
import { at, dialect, fixture } from '../support.ts';

/** The vendors' own SDKs, against a server that answers with our refusals: does the person read our sentence? */
const refusal: Refusal = {
  decisionId: 'dec_7f3a',
  message: 'Blocked by “no-secrets”: an AWS access key in your 2nd message. Remove it. (dec_7f3a)',
  code: 'postern_guardrail',
};

let server: http.Server;
let origin: string;
let calls = 0;
/** What the server answers next. */
let answer: { status: number; contentType: string; body: string };

beforeAll(async () => {
  server = http.createServer((request, response) => {
    calls += 1;
    request.resume().on('end', () => {
      response.writeHead(answer.status, { 'content-type': answer.contentType });
      response.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  calls = 0;
});

const refuse = (id: DialectId): void => {
  answer = { status: 400, contentType: 'application/json', body: dialect(id).refuse(refusal) };
};
/** A stream that begins as usual and is then cut by us. */
const cutAfter = (id: DialectId, file: string, events: number, separator = '\n\n'): void => {
  const begun = fixture(file).toString().split(separator).slice(0, events).join(separator) + separator;
  answer = {
    status: 200,
    contentType: 'text/event-stream',
    body: begun + dialect(id).refuseInStream(refusal),
  };
};

async function failureOf(run: () => PromiseLike<unknown>): Promise<{ message: string; error: unknown }> {
  try {
    await run();
  } catch (error) {
    return { message: (error as Error).message, error };
  }
  throw new Error('the SDK did not fail');
}
async function readAll(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const event of stream) seen.push(event);
  return seen;
}

const openai = (): OpenAI => new OpenAI({ apiKey: 'test', baseURL: `${origin}/v1` });
const anthropic = (): Anthropic => new Anthropic({ apiKey: 'test', baseURL: origin });
const google = (): GoogleGenAI => new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: origin } });
const messages = [{ role: 'user' as const, content: 'hi' }];

describe('a refused call', () => {
  it('openai: chat', async () => {
    refuse('openai-chat');
    const failure = await failureOf(() => openai().chat.completions.create({ model: 'm', messages }));
    expect(failure.error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(failure.error).toMatchObject({ code: 'postern_guardrail', type: 'invalid_request_error' });
    expect(failure.message).toContain(refusal.message);
    expect(calls).toBe(1);
  });

  it('openai: responses and embeddings', async () => {
    refuse('openai-responses');
    const one = await failureOf(() => openai().responses.create({ model: 'm', input: 'hi' }));
    expect(one.error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(one.message).toContain(refusal.message);
    refuse('openai-embeddings');
    const two = await failureOf(() => openai().embeddings.create({ model: 'm', input: 'hi' }));
    expect(two.message).toContain(refusal.message);
    expect(calls).toBe(2);
  });

  it('anthropic: messages, streamed or not', async () => {
    refuse('anthropic-messages');
    for (const stream of [true, false]) {
      const failure = await failureOf(() =>
        anthropic().messages.create({ model: 'm', max_tokens: 9, messages, stream }),
      );
      expect(failure.error).toBeInstanceOf(Anthropic.BadRequestError);
      expect(failure.error).toMatchObject({ type: 'invalid_request_error' });
      expect(failure.message).toContain(refusal.message);
    }
    expect(calls).toBe(2);
  });

  it('google: generateContent, streamed or not', async () => {
    refuse('gemini');
    const params = { model: 'm', contents: 'hi' };
    const whole = await failureOf(() => google().models.generateContent(params));
    const streamed = await failureOf(() => google().models.generateContentStream(params));
    for (const failure of [whole, streamed]) {
      expect(failure.error).toMatchObject({ status: 400 });
      expect(JSON.parse(failure.message)).toMatchObject({
        error: { code: 400, status: 'INVALID_ARGUMENT', message: refusal.message },
      });
    }
    expect(calls).toBe(2);
  });
});

describe('a stream that is cut', () => {
  it('openai: chat', async () => {
    cutAfter('openai-chat', 'openai-chat-stream.sse', 3);
    const failure = await failureOf(async () =>
      readAll(await openai().chat.completions.create({ model: 'm', messages, stream: true })),
    );
    expect(failure.error).toBeInstanceOf(OpenAI.APIError);
    expect(failure.message).toContain(refusal.message);
    expect(calls).toBe(1);
  });

  it('openai: responses, plain and by the stream helper', async () => {
    cutAfter('openai-responses', 'openai-responses-stream.sse', 6);
    const plain = await failureOf(async () =>
      readAll(await openai().responses.create({ model: 'm', input: 'hi', stream: true })),
    );
    const helper = await failureOf(() =>
      openai().responses.stream({ model: 'm', input: 'hi' }).finalResponse(),
    );
    for (const failure of [plain, helper]) {
      expect(failure.error).toBeInstanceOf(OpenAI.APIError);
      expect(failure.message).toContain(refusal.message);
    }
    expect(calls).toBe(2);
  });

  it('openai: responses also ends with the event that Codex heeds, and with a code it does not retry', () => {
    const [, failed] = dialect('openai-responses').refuseInStream(refusal).split('\n\n');
    const data = JSON.parse((failed as string).split('\ndata: ')[1] as string);
    expect(at(data, '/type')).toBe('response.failed');
    expect(at(data, '/response/error')).toEqual({ code: 'invalid_prompt', message: refusal.message });
  });

  it('anthropic: messages, plain and by the stream helper', async () => {
    cutAfter('anthropic-messages', 'anthropic-messages-stream.sse', 5);
    const params = { model: 'm', max_tokens: 9, messages };
    const plain = await failureOf(async () =>
      readAll(await anthropic().messages.create({ ...params, stream: true })),
    );
    const helper = await failureOf(() => anthropic().messages.stream(params).finalMessage());
    for (const failure of [plain, helper]) {
      expect(failure.error).toBeInstanceOf(Anthropic.APIError);
      expect(failure.message).toContain(refusal.message);
    }
    expect(calls).toBe(2);
  });

  it('google: streamGenerateContent', async () => {
    cutAfter('gemini', 'gemini-stream.sse', 2, '\r\n\r\n');
    const failure = await failureOf(async () =>
      readAll(await google().models.generateContentStream({ model: 'm', contents: 'hi' })),
    );
    expect(failure.error).toMatchObject({ status: 400 });
    expect(failure.message).toContain(refusal.message);
    expect(calls).toBe(1);
  });

  it('google: a JSON array stays an array', () => {
    const cut = dialect('gemini').refuseInJsonArray;
    expect(JSON.parse(`[{"candidates":[]}${cut?.(refusal, false)}`)).toMatchObject([
      { candidates: [] },
      { error: { code: 400, message: refusal.message } },
    ]);
    expect(JSON.parse(cut?.(refusal, true) ?? '')).toMatchObject([{ error: { code: 400 } }]);
  });
});

describe('our own refusals, read back', () => {
  it.each(['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini', 'openai-embeddings'] as const)(
    '%s',
    (id) => {
      const decoder = dialect(id).openResponse({ ...REQUEST, dialect: id });
      expect(decoder.body(dialect(id).refuse(refusal))).toContainEqual(
        expect.objectContaining({ type: 'error', message: refusal.message }),
      );
    },
  );

  it('a WebSocket refusal has a status, and never a status_code beside it', () => {
    const frame = JSON.parse(dialect('openai-responses').refuseOnWebSocket?.(refusal) ?? '');
    expect(frame).toEqual({
      type: 'error',
      status: 400,
      error: {
        type: 'invalid_request_error',
        code: 'postern_guardrail',
        message: refusal.message,
        param: null,
      },
    });
  });
});

const REQUEST = {
  operation: 'generate',
  model: undefined,
  stream: true,
  parts: [],
  tools: [],
  maxOutputTokens: undefined,
} as const;

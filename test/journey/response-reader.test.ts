/** Answers on their way back: what the client gets, however the bytes were cut, in every dialect. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, type Call, CHAT, converse, MESSAGES, openJourney } from '../kit/dialogue.ts';
import { anthropic, gemini, openaiChat, openaiResponses } from '../kit/fake-provider/answers.ts';
import { liveLookingAwsKey } from '../kit/office.ts';

const KEY = liveLookingAwsKey(41);
const SAID = `Your key is ${KEY}, keep it safe.`;
const REDACTED = 'Your key is [REDACTED:aws-access-key-id], keep it safe.';
const rule = (action: string) =>
  `guardrails: [{ id: answers, detect: secrets, on: [response], action: ${action} }]\n`;
const sse = (data: unknown, event?: string) =>
  `${event ? `event: ${event}\n` : ''}data: ${JSON.stringify(data)}\n\n`;
const pick = (text: string, pattern: RegExp): string =>
  [...text.matchAll(pattern)].map(([, piece]) => JSON.parse(`"${piece}"`) as string).join('');
const STRING = String.raw`"((?:[^"\\]|\\.)*)"`;

interface Wire {
  readonly name: string;
  readonly call: Call;
  readonly stream: (text: string) => string;
  /** The text a client would show. */
  readonly shown: (wire: string) => string;
  /** How a client knows that it was refused. */
  readonly refusal: RegExp;
  readonly end: string;
}

const messages = [{ role: 'user', content: 'which key?' }];
const WIRES: readonly Wire[] = [
  {
    name: 'openai-chat',
    call: { url: CHAT, body: { model: 'gpt-4o-mini', stream: true, messages } },
    stream: (text) => openaiChat.stream({ text }, 'gpt-4o-mini', true).join(''),
    shown: (wire) => pick(wire, new RegExp(`"content":${STRING}`, 'g')),
    refusal: /"error":\{/,
    end: 'data: [DONE]',
  },
  {
    name: 'anthropic-messages',
    call: { url: MESSAGES, body: { model: 'claude-sonnet-4-5', max_tokens: 99, stream: true, messages } },
    stream: (text) => anthropic.stream({ text }, 'claude-sonnet-4-5').join(''),
    shown: (wire) => pick(wire, new RegExp(`"text_delta","text":${STRING}`, 'g')),
    refusal: /event: error/,
    end: '"message_stop"',
  },
  {
    name: 'gemini',
    call: {
      url: 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
      body: { contents: [{ role: 'user', parts: [{ text: 'which key?' }] }] },
    },
    stream: (text) =>
      gemini
        .chunks({ text }, 'gemini-2.5-flash')
        .map((chunk) => sse(chunk))
        .join(''),
    shown: (wire) => pick(wire, new RegExp(`"text":${STRING}`, 'g')),
    refusal: /"error":|"blockReason"|"finishReason":"/,
    end: '"finishReason":"STOP"',
  },
  {
    name: 'openai-responses',
    call: {
      url: 'https://api.openai.com/v1/responses',
      body: { model: 'gpt-4o-mini', stream: true, input: 'which key?' },
    },
    stream: (text) =>
      openaiResponses
        .events({ text }, 'gpt-4o-mini')
        .map((event) => sse(event, String(event['type'])))
        .join(''),
    shown: (wire) => pick(wire, new RegExp(`"delta":${STRING}`, 'g')),
    refusal: /response\.failed|"type":"error"/,
    end: 'response.completed',
  },
];

/** The key as JSON may spell it: none of its own characters. */
const SPELLED = [...KEY].map((char) => `\\u00${char.charCodeAt(0).toString(16)}`).join('');

const streamed = (text: string, cuts: readonly number[] = []): Answer => {
  const bytes = Buffer.from(text);
  const edges = [0, ...[...cuts].map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
  const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
  return { type: 'text/event-stream', chunks };
};

describe.each(WIRES)('$name', ({ call, stream, shown, refusal, end }) => {
  it('a stream that nothing has to change passes byte for byte, and is counted', async () => {
    const journey = openJourney(rule('redact'));
    const wire = stream('hello, nothing to hide here');
    const turn = await converse(journey, call, streamed(wire, [17, 100, 333]));
    expect(turn).toMatchObject({ received: wire, result: 'complete' });
    expect(journey.exchanges[0]).toMatchObject({ effective: 'allow', usage: { outputTokens: 9 } });
  });

  it('redact: the secret goes, the rest stays, wherever the bytes were cut', async () => {
    const wire = stream(SAID);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(wire.length), { maxLength: 40 }), async (cuts) => {
        const journey = openJourney(rule('redact'));
        const { received } = await converse(journey, call, streamed(wire, cuts));
        expect(received).not.toContain(KEY);
        expect(shown(received)).toBe(REDACTED);
        expect(received).toContain(end);
        expect(journey.exchanges[0]).toMatchObject({
          effective: 'redact',
          findings: { 'aws-access-key-id': 1 },
        });
      }),
      { numRuns: 40 },
    );
  });

  it('block: the stream ends before the secret, in the words of the provider, wherever it was cut', async () => {
    const wire = stream(SAID);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(wire.length), { maxLength: 40 }), async (cuts) => {
        const journey = openJourney(rule('block'));
        const { received, result } = await converse(journey, call, streamed(wire, cuts));
        expect(result).toBe('cut');
        expect(received).toContain('AWS access key');
        expect(received).toMatch(refusal);
        expect(received).not.toContain(KEY.slice(0, 8));
        expect(received).not.toContain('keep it safe');
        expect(journey.exchanges[0]).toMatchObject({ effective: 'block', result: 'cut' });
      }),
      { numRuns: 40 },
    );
  });

  it('warn: it passes as it comes, and is recorded', async () => {
    const journey = openJourney(rule('warn'));
    const wire = stream(SAID);
    expect((await converse(journey, call, streamed(wire, [5, 50, 500]))).received).toBe(wire);
    expect(journey.exchanges[0]).toMatchObject({ effective: 'warn', findings: { 'aws-access-key-id': 1 } });
  });

  it('a stream that breaks off is broken off, with nothing held back that was harmless', async () => {
    const journey = openJourney(rule('redact'));
    const wire = stream('hello, nothing to hide here');
    const half = wire.slice(0, Math.floor(wire.length / 2));
    const turn = await converse(journey, call, { ...streamed(half), broken: true });
    expect(half.startsWith(turn.received)).toBe(true);
    expect(turn.received).not.toContain(end);
    expect(journey.exchanges[0]).toMatchObject({ result: 'upstream-failed', usageEstimated: true });
  });

  it('events that nobody knows pass, and hide nothing behind them', async () => {
    const journey = openJourney(rule('redact'));
    const news = sse({ type: 'some.new.event', odd: [1, { x: null }] }, 'some.new.event');
    const wire = `: keep-alive\n\n${news}${stream(SAID)}`;
    const { received } = await converse(journey, call, streamed(wire, [3]));
    expect(received.startsWith(`: keep-alive\n\n${news}`)).toBe(true);
    expect(received).not.toContain(KEY);
  });
});

describe('an unstreamed answer', () => {
  const call: Call = { body: { model: 'gpt-4o-mini', messages } };
  const body = (text: string) => openaiChat.body({ text }, 'gpt-4o-mini');

  it('is refused whole', async () => {
    const journey = openJourney(rule('block'));
    const turn = await converse(journey, call, { chunks: [body(SAID)] });
    expect(turn).toMatchObject({ status: 400, result: 'refused' });
    expect(turn.received).toContain('AWS access key');
    expect(turn.received).not.toContain(KEY);
    expect(journey.exchanges[0]).toMatchObject({ effective: 'block', usage: { outputTokens: 9 } });
  });

  it('loses only the secret', async () => {
    const journey = openJourney(rule('redact'));
    const turn = await converse(journey, call, { chunks: [body(SAID)] });
    expect(turn.received).toBe(body(SAID).replace(KEY, '[REDACTED:aws-access-key-id]'));
  });

  it('that can not be read is the rule’s failure: it decides', async () => {
    const journey = openJourney(rule('block'));
    const turn = await converse(journey, call, { chunks: [`<html>${KEY}</html>`], type: 'text/html' });
    expect(turn).toMatchObject({ status: 400, result: 'refused' });
    expect(turn.received).not.toContain(KEY);
    expect(journey.exchanges[0]).toMatchObject({ effective: 'block' });
  });

  it('that is empty passes', async () => {
    const turn = await converse(openJourney(rule('block')), call, { chunks: [''] });
    expect(turn).toMatchObject({ status: 200, received: '', result: 'complete' });
  });
});

describe('what a model wants to call', () => {
  it('is checked where the rule says tool-call, and its arguments stay JSON', async () => {
    const journey = openJourney(
      'guardrails: [{ id: calls, detect: secrets, on: [tool-call], action: redact }]\n',
    );
    const toolCall = { name: 'shell', arguments: JSON.stringify({ command: `echo ${KEY}` }) };
    const wire = openaiChat.stream({ text: '', toolCall }, 'gpt-4o-mini', true).join('');
    const { received } = await converse(
      journey,
      { body: { model: 'gpt-4o-mini', stream: true, messages } },
      streamed(wire, [9, 99, 999]),
    );
    expect(JSON.parse(pick(received, new RegExp(`"arguments":${STRING}`, 'g')))).toEqual({
      command: 'echo [REDACTED:aws-access-key-id]',
    });
    expect(journey.exchanges[0]).toMatchObject({ effective: 'redact' });
  });
});

it('an array that is cut just as its first elements are let go is still an array', async () => {
  const journey = openJourney(rule('block'));
  const element = (text: string): string =>
    JSON.stringify({ candidates: [{ content: { role: 'model', parts: [{ text }] } }] });
  const call = {
    url: 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent',
    body: { contents: [{ role: 'user', parts: [{ text: 'which key?' }] }] },
  };
  // The first might be the beginning of a key, and waits for the second.
  const chunks = [`[${element('AKIA')}`, `,\r\n${element(` is no key, ${KEY} is. `)}`, ']'];
  const { received, result } = await converse(journey, call, { type: 'application/json', chunks });
  expect(result).toBe('cut');
  const elements = JSON.parse(received) as readonly object[];
  expect(elements).toMatchObject([{ candidates: [{}] }, {}]);
  expect(received).not.toContain(KEY);
});

describe('what a model spells in escapes', () => {
  const toolCall = { name: 'shell', arguments: `{"command":"echo ${SPELLED} \\"ok\\""}` };
  const kinds = (action: string) => rule(action).replace('[response]', '[response, tool-call]');
  const argumentsIn: Readonly<Record<string, RegExp>> = {
    'openai-chat': new RegExp(`"arguments":${STRING}`, 'g'),
    'openai-responses': new RegExp(`"delta":${STRING}`, 'g'),
    'anthropic-messages': new RegExp(`"partial_json":${STRING}`, 'g'),
  };
  const wires: Readonly<Record<string, string>> = {
    'openai-chat': openaiChat.stream({ text: '', toolCall }, 'gpt-4o-mini', true).join(''),
    'openai-responses': openaiResponses
      .events({ text: '', toolCall }, 'gpt-4o-mini')
      .map((event) => sse(event, String(event['type'])))
      .join(''),
    'anthropic-messages': anthropic.stream({ text: '', toolCall }, 'claude-sonnet-4-5').join(''),
  };
  const withTools = WIRES.filter(({ name }) => name in wires).map((one) => ({
    ...one,
    wire: wires[one.name] ?? '',
  }));
  const hidden = (wire: string): boolean => !wire.replaceAll(/\\+/g, '\\').includes(SPELLED.slice(0, 60));

  it.each(withTools)('leaves the arguments of a call of $name, and they stay JSON', async (one) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(one.wire.length), { maxLength: 40 }), async (cuts) => {
        const journey = openJourney(kinds('redact'));
        const { received } = await converse(journey, one.call, streamed(one.wire, cuts));
        expect(JSON.parse(pick(received, argumentsIn[one.name] as RegExp))).toEqual({
          command: 'echo [REDACTED:aws-access-key-id] "ok"',
        });
        // Also where the whole arguments are repeated.
        expect(hidden(received)).toBe(true);
        expect(journey.exchanges[0]).toMatchObject({
          effective: 'redact',
          findings: { 'aws-access-key-id': 1 },
        });
      }),
      { numRuns: 20 },
    );
  });

  it.each(withTools)('cuts $name before it', async ({ wire, call }) => {
    const journey = openJourney(kinds('block'));
    const { received, result } = await converse(journey, call, streamed(wire, [9, 99, 333]));
    expect(result).toBe('cut');
    expect(hidden(received)).toBe(true);
  });

  it('is found in text, and in answers that come whole', async () => {
    for (const action of ['redact', 'block']) {
      const said = openaiChat.stream({ text: `it is "${SPELLED}".` }, 'gpt-4o-mini', true).join('');
      const body = openaiChat.body({ text: '', toolCall }, 'gpt-4o-mini');
      const call: Call = { body: { model: 'gpt-4o-mini', messages } };
      for (const [asked, answer] of [
        [{ body: { model: 'gpt-4o-mini', stream: true, messages } }, streamed(said, [9, 99])],
        [call, { chunks: [body] }],
      ] as const) {
        const journey = openJourney(kinds(action));
        const { received } = await converse(journey, asked, answer);
        expect(hidden(received)).toBe(true);
        expect(received).toContain(action === 'redact' ? '[REDACTED:aws-access-key-id]' : 'AWS access key');
      }
    }
  });
});

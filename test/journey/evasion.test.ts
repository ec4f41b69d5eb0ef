/** Bodies and heads made so that a provider reads a secret in them that a careless reader would miss. */
import { describe, expect, it } from 'vitest';
import type { RequestVerdict } from '../../agent/src/core/flow.ts';
import { CHAT, MESSAGES, openFlow, openJourney } from '../kit/dialogue.ts';
import { liveLookingAwsKey } from '../kit/office.ts';

const KEY = liveLookingAwsKey(61);
/** The key as JSON may spell it, without one of its own characters. */
const SPELLED = [...KEY].map((char) => `\\u00${char.charCodeAt(0).toString(16)}`).join('');
const POLICY = `guardrails:
  - { id: no-secrets, detect: secrets, on: [request], action: block }
`;
const REDACT = POLICY.replace('block', 'redact');
const chatWith = (content: string): string =>
  `{"model":"gpt-5","messages":[{"role":"user","content":"${content}"}]}`;
const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const utf32 = (text: string, littleEndian: boolean): Buffer => {
  const bytes = Buffer.alloc(text.length * 4);
  for (let i = 0; i < text.length; i++) {
    if (littleEndian) bytes.writeUInt32LE(text.charCodeAt(i), i * 4);
    else bytes.writeUInt32BE(text.charCodeAt(i), i * 4);
  }
  return bytes;
};

async function verdictOn(
  body: string | Uint8Array,
  {
    policy = POLICY,
    headers = {},
    url = CHAT,
  }: { policy?: string; headers?: Record<string, string>; url?: string } = {},
): Promise<RequestVerdict | { type: 'unread' }> {
  const flow = openFlow(openJourney(policy).governor, { url, headers, body: 'there is one' });
  if (flow.requestPlan.type === 'refuse') return flow.requestPlan;
  if (flow.requestPlan.type === 'stream') return { type: 'unread' };
  return await flow.requestBody(typeof body === 'string' ? Buffer.from(body) : body);
}

const plain = chatWith(KEY);
const spelled = chatWith(SPELLED);

describe('a secret is found', () => {
  it.each<readonly [string, string | Uint8Array]>([
    ['as it is', plain],
    ['spelled in escapes', spelled],
    ['behind a byte order mark', `\ufeff${spelled}`],
    ['in UTF-16, little end first', Buffer.from(plain, 'utf16le')],
    ['in UTF-16 with its mark', Buffer.from(`\ufeff${plain}`, 'utf16le')],
    ['in UTF-16, big end first', swapped(plain)],
    ['in UTF-16, big end first, with its mark', swapped(`\ufeff${plain}`)],
    ['in UTF-32, little end first', utf32(plain, true)],
    ['in UTF-32, big end first', utf32(plain, false)],
    ['in UTF-32 with its mark', utf32(`\ufeff${plain}`, true)],
    [
      'beside bytes that are not UTF-8',
      Buffer.concat([Buffer.from(plain.slice(0, -3)), Buffer.from([0xff]), Buffer.from(plain.slice(-3))]),
    ],
    [
      'in the first of two members of one name',
      chatWith('x').replace('{', `{"messages":[{"role":"user","content":"${SPELLED}"}],`),
    ],
    ['in the last of two members of one name', chatWith(SPELLED).replace('{', '{"messages":[],')],
    ['in a repeated member of one message', chatWith(`${SPELLED}","content":"x`)],
    ['in a repeated member whose name is spelled otherwise', chatWith(`${SPELLED}","conten\\u0074":"x`)],
    ['in JSON with a trailing comma', spelled.replace(']}', ',],}')],
    ['in JSON with a comment', `/* hello */ ${spelled}`],
    ['in JSON with NaN', spelled.replace('{', '{"temperature":NaN,')],
    ['in the second of two documents', `${chatWith('x')}\n${spelled}`],
    ['in lines of JSON', `{"custom_id":"1","body":${chatWith('x')}}\n{"custom_id":"2","body":${spelled}}\n`],
    [
      'in a string that holds JSON in JSON',
      JSON.stringify({
        model: 'm',
        messages: [
          {
            role: 'assistant',
            tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: spelled } }],
          },
        ],
      }),
    ],
    [
      'in tool output that holds JSON',
      JSON.stringify({ model: 'm', messages: [{ role: 'tool', tool_call_id: 'c', content: spelled }] }),
    ],
    [
      'in a message that holds JSON',
      JSON.stringify({ model: 'm', messages: [{ role: 'user', content: spelled }] }),
    ],
    ['as a member of another format', JSON.stringify({ model: 'm', contents: [{ parts: [{ text: KEY }] }] })],
    ['as a name', `{"model":"m","${KEY}":1,"messages":[]}`],
    ['as a name, spelled in escapes', `{"model":"m","${SPELLED}":1,"messages":[]}`],
    ['after a NUL', chatWith(`\\u0000${KEY}\\u0000`)],
    ['beside half a surrogate pair', chatWith(`\\ud83d ${KEY} \\ude00`)],
  ])('%s', async (_, body) => {
    expect(await verdictOn(body)).toMatchObject({ type: 'refuse' });
    const redacted = await verdictOn(body, { policy: REDACT });
    if (redacted.type === 'forward') {
      const sent = Buffer.from(redacted.body ?? Buffer.from(body)).toString();
      expect(sent).not.toContain(KEY);
      expect(sent).not.toContain(SPELLED);
      expect(sent).toContain('[REDACTED:');
    } else expect(redacted.type).toBe('refuse');
  });

  it.each([
    ['text/plain', plain],
    ['application/octet-stream', spelled],
    ['application/x-www-form-urlencoded', plain],
    ['application/x-www-form-urlencoded', `${KEY}=1`],
    [
      'application/x-www-form-urlencoded',
      `a=${[...KEY].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')}`,
    ],
    [
      'multipart/form-data; boundary=x',
      `--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n${spelled}\r\n--x--`,
    ],
    ['', spelled],
  ])('whatever the content type says: %s', async (type, body) => {
    expect(await verdictOn(body, { headers: { 'content-type': type } })).toMatchObject({ type: 'refuse' });
  });
});

describe('what is told of a text that has escapes', () => {
  const policy = 'guardrails: [{ id: passwords, detect: secrets, on: [request], action: warn }]\n';
  const findingsIn = async (text: string) => {
    const journey = openJourney(policy);
    const flow = openFlow(journey.governor, { url: CHAT, body: 'there is one' });
    const body = JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: text }] });
    await flow.requestBody(Buffer.from(body));
    flow.finish({ result: 'complete', cause: undefined, requestBytes: 1, responseBytes: 0, addedMs: 0 });
    return journey.exchanges[0]?.findings;
  };

  it('is a password whose name alone is escaped', async () => {
    expect(await findingsIn('{"password\\u0022\\u003a\\u0022hunter2Xyz99kQ\\u0022}')).toEqual({
      'assigned-password': 1,
    });
  });

  it('is a key once, though its other spelling shows it too', async () => {
    expect(await findingsIn(`{"path":"a\\/b","key":"${KEY}"}`)).toEqual({ 'aws-access-key-id': 1 });
  });
});

describe('a member that is called by a secret', () => {
  const value = 'words that are no secret, and longer than the name before them';
  const body = (members: object): string =>
    JSON.stringify({
      model: 'claude-sonnet-4-5',
      max_tokens: 9,
      messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: members }] }],
    });

  it.each([
    ['in a dialect', MESSAGES, body({ [KEY]: value })],
    [
      'in a format that nobody knows',
      'https://chatgpt.com/backend-api/conversation',
      JSON.stringify({ [KEY]: value }),
    ],
  ])('can only be refused, and its value is not taken for it: %s', async (_, url, text) => {
    expect(await verdictOn(text, { policy: REDACT, url })).toMatchObject({ type: 'refuse' });
  });

  it('leaves the rest editable', async () => {
    const verdict = await verdictOn(body({ a: KEY, [`a name of ${value}`]: value }), {
      policy: REDACT,
      url: MESSAGES,
    });
    expect(verdict.type === 'forward' && Buffer.from(verdict.body ?? []).toString()).toContain('[REDACTED:');
  });

  it('an escaped text beside a secret leaves that editable', async () => {
    const text = JSON.stringify({ a: JSON.stringify({ q: 'one\ntwo', key: KEY }) });
    const verdict = await verdictOn(text, {
      policy: REDACT,
      url: 'https://chatgpt.com/backend-api/conversation',
    });
    expect(verdict.type === 'forward' && Buffer.from(verdict.body ?? []).toString()).toContain('[REDACTED:');
  });
});

describe('a prompt is read', () => {
  it.each([
    '/v1//chat/completions',
    '//v1/chat/completions',
    '/v1/./chat/completions',
    '/v1/x/%2e%2e/chat/completions',
    '/v1/chat%2fcompletions',
    '/V1/Chat/Completions',
    '/v1/chat/completions/',
    '/v1/chat/completions?x=1',
    '/v1/chat/completions?',
    '/v1/chat/completions;x=1',
    '/v1;a=b/chat/completions',
    '/v1/%63hat/completions',
    '/v1\\chat\\completions',
    '/v1/chat/completions%20',
    '/v1/chat/completions%00',
    '/v1/chat/completions.',
  ])('at %s', async (path) => {
    const flow = openJourney(POLICY).governor.openFlow(
      {
        method: 'POST',
        scheme: 'https',
        authority: { host: 'api.openai.com', port: 443 },
        path,
        headers: ['content-type', 'application/json'],
        httpVersion: '1.1',
        webSocket: false,
        hasBody: true,
      },
      {
        id: 'c',
        openedAtMs: 0,
        target: { host: 'api.openai.com', port: 443 },
        clientPort: 1,
        serverName: undefined,
        protocol: 'http/1.1',
      },
    );
    expect(flow.requestPlan.type).toBe('hold');
  });

  it.each(['POST', 'post', 'PUT', 'GET', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])('by %s', (method) => {
    const flow = openJourney(POLICY).governor.openFlow(
      {
        method,
        scheme: 'https',
        authority: { host: 'api.openai.com', port: 443 },
        path: '/v1/chat/completions',
        headers: ['content-type', 'application/json', 'x-http-method-override', 'POST'],
        httpVersion: '2',
        webSocket: false,
        hasBody: true,
      },
      {
        id: 'c',
        openedAtMs: 0,
        target: { host: 'api.openai.com', port: 443 },
        clientPort: 1,
        serverName: undefined,
        protocol: 'h2',
      },
    );
    expect(flow.requestPlan.type).toBe('hold');
  });
});

describe('a content-encoding that is unknown or a lie', () => {
  const failed = (body: string, policy = POLICY) =>
    openFlow(openJourney(policy).governor, { body }).requestBodyFailed('undecodable', Buffer.from(body));

  it('hides nothing from the search', async () => {
    expect(await failed(spelled)).toMatchObject({ type: 'refuse' });
    expect(await failed(plain, REDACT)).toMatchObject({ type: 'refuse' });
    expect(await failed(chatWith(`${'x '.repeat(1_000_000)}${KEY}`))).toMatchObject({ type: 'refuse' });
  });

  it('is still a request that could not be read', async () => {
    expect(await failed(chatWith('hello'))).toEqual({ type: 'forward' });
    const strict = `${POLICY}failure: { unreadableRequest: block }\n`;
    expect(await failed(chatWith('hello'), strict)).toMatchObject({ type: 'refuse' });
  });
});

/**
 * Formats that no dialect knows: a credential in them is found however it is packed, and the refusal has the sentence
 * where their clients look for it.
 */
import { describe, expect, it } from 'vitest';
import { policyOf } from '../kit/decide.ts';
import { openStage, refusalText, type StageOptions, verdictOn } from '../kit/journey-stage.ts';
import { liveLookingAwsKey } from '../kit/office.ts';

const KEY = liveLookingAwsKey(12);
const json = ['content-type', 'application/json'];
const TEXT = `deploy with ${KEY} please`;
/** With a slash that JSON may escape, and an equals sign that Google does. */
const escaped = (text: string): string =>
  JSON.stringify(text).replace(KEY.charAt(5), () => `\\u00${KEY.charCodeAt(5).toString(16)}`);

function protobufString(field: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([(field << 3) | 2, bytes.length]), bytes]);
}

const SITES: readonly (readonly [string, StageOptions, string | Uint8Array])[] = [
  [
    'ChatGPT',
    { host: 'chatgpt.com', path: '/backend-api/conversation', headers: json },
    JSON.stringify({ action: 'next', messages: [{ author: { role: 'user' }, content: { parts: [TEXT] } }] }),
  ],
  [
    'Gemini (batchexecute: a form, JSON in JSON, characters escaped)',
    {
      host: 'gemini.google.com',
      path: '/_/BardChatUi/data/assistant.lamda.BardFrontendService/StreamGenerate?rt=c',
      headers: ['content-type', 'application/x-www-form-urlencoded;charset=UTF-8'],
    },
    `f.req=${encodeURIComponent(JSON.stringify([null, `[[${escaped(TEXT)},0]]`]))}&at=AB%3A123`,
  ],
  [
    'Bedrock Converse',
    { host: 'bedrock-runtime.us-east-1.amazonaws.com', path: '/model/a.b-v1:0/converse', headers: json },
    JSON.stringify({ messages: [{ role: 'user', content: [{ text: TEXT }] }] }),
  ],
  [
    'Bedrock InvokeModel, a document in base64',
    { host: 'bedrock-runtime.eu-west-1.amazonaws.com', path: '/model/a.b-v1:0/invoke', headers: json },
    JSON.stringify({ messages: [{ content: [{ source: { data: Buffer.from(TEXT).toString('base64') } }] }] }),
  ],
  [
    'an upload',
    {
      host: 'claude.ai',
      path: '/api/organizations/x/upload',
      headers: ['content-type', 'multipart/form-data; boundary=b'],
    },
    `--b\r\ncontent-disposition: form-data; name="file"; filename="a.env"\r\n\r\n${TEXT}\r\n--b--\r\n`,
  ],
  [
    'protobuf in one message',
    {
      host: 'alkalimakersuite-pa.clients6.google.com',
      path: '/$rpc/google.internal.alkali.applications.makersuite.v1.MakerSuiteService/GenerateContent',
      headers: ['content-type', 'application/x-protobuf'],
    },
    Buffer.concat([
      protobufString(1, 'models/gemini'),
      protobufString(2, TEXT),
      Buffer.from([0x18, 0xff, 0x01]),
    ]),
  ],
];

describe.each(SITES)('%s', (_, options, body) => {
  it('a key is found, and the refusal can be shown', async () => {
    const stage = openStage(options);
    expect(stage.flow.requestPlan).toMatchObject({ type: 'hold' });
    const verdict = await verdictOn(stage, body);
    const refusal = JSON.parse(refusalText(verdict)) as Record<string, unknown>;
    const sentence = expect.stringMatching(/AWS access key[\s\S]*postern explain/);
    expect(refusal).toMatchObject({ error: { message: sentence }, message: sentence, detail: sentence });
    expect(JSON.stringify(verdict)).not.toContain(KEY);
    expect(verdict.type === 'refuse' && verdict.response.headers).toContain('x-amzn-errortype');
  });
});

describe('signed bodies', () => {
  const policy = policyOf(
    'guardrails:\n  - { id: s, detect: secrets, minConfidence: high, on: [request], action: redact }\n',
  );
  const converse = (headers: readonly string[]) =>
    verdictOn(
      openStage({
        host: 'bedrock-runtime.us-east-1.amazonaws.com',
        path: '/model/a.b-v1:0/converse',
        headers: [...json, ...headers],
        policy,
      }),
      JSON.stringify({ messages: [{ role: 'user', content: [{ text: TEXT }] }] }),
    );
  const signature = [
    'authorization',
    'AWS4-HMAC-SHA256 Credential=x/20261125/us-east-1/bedrock/aws4_request',
  ];

  it('are refused where they would be redacted: the provider would refuse the change', async () => {
    expect(refusalText(await converse(signature))).toContain('AWS');
  });

  it('are redacted where the signature leaves the body out, or where there is none', async () => {
    for (const headers of [
      [...signature, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD'],
      ['authorization', 'Bearer x'],
    ]) {
      const verdict = await converse(headers);
      if (verdict.type !== 'forward' || verdict.body === undefined) throw new Error('not redacted');
      expect(Buffer.from(verdict.body).toString()).not.toContain(KEY);
    }
  });
});

describe('calls that stream both ways', () => {
  it.each([
    'application/connect+json',
    'application/connect+proto',
    'application/grpc',
    'application/grpc+json',
  ])('%s is not held: the client may wait for an answer first', (contentType) => {
    const policyWithCursor = policyOf('services: [{ match: cursor, mode: direct }]\n');
    const stage = openStage({
      host: 'api2.cursor.sh',
      path: '/aiserver.v1.ChatService/StreamUnifiedChat',
      headers: ['content-type', contentType],
      policy: policyWithCursor,
    });
    expect(stage.flow.requestPlan.type).toBe('stream');
  });
});

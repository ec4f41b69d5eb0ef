/** From a request's bytes to its verdict, with what is attached to it opened: the whole middle, and the real opener. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { AttachmentOpener } from '../../agent/src/core/attachment.ts';
import type { RequestHead, RequestVerdict } from '../../agent/src/core/flow.ts';
import type { ExchangeRecord } from '../../agent/src/core/records.ts';
import { createJourney } from '../../agent/src/journey.ts';
import { createOpener } from '../../agent/src/open/open.ts';
import { zipOf } from '../kit/archives.ts';
import { NOW_MS, policyOf } from '../kit/decide.ts';
import { liveLookingAwsKey } from '../kit/office.ts';

const realOpener = createOpener();
afterAll(() => realOpener.close());

const SECRETS = 'guardrails: [{ id: no-secrets, detect: secrets, action: block }]';
const fixture = (name: string): Buffer => readFileSync(new URL(`../open/fixtures/${name}`, import.meta.url));
const note = (): string => `aws_access_key_id = ${liveLookingAwsKey()}\n`;
/** The key as JSON or JavaScript may spell it, without one of its own characters. */
const spelledNote = (): string =>
  `{"id":"${[...liveLookingAwsKey()].map((char) => `\\u00${char.charCodeAt(0).toString(16)}`).join('')}"}\n`;

interface Sent {
  readonly policy: string;
  readonly host?: string;
  readonly path?: string;
  readonly type?: string;
  readonly body: Uint8Array | object;
  /** Undefined: nobody opens files. */
  readonly opener?: AttachmentOpener | undefined;
}

async function send(sent: Sent) {
  const opener = 'opener' in sent ? sent.opener : realOpener;
  return sendThrough(opener, sent);
}

async function sendThrough(
  opener: AttachmentOpener | undefined,
  { policy, host = 'api.anthropic.com', path = '/v1/messages', type = 'application/json', body }: Sent,
) {
  const records: ExchangeRecord[] = [];
  const compiled = policyOf(policy);
  const journey = createJourney({
    policy: () => compiled,
    scan: (detector, text) => detector.scan(text),
    ...(opener !== undefined && { attachments: opener }),
    recorder: {
      exchange: (record) => void records.push(record),
      event: () => undefined,
      flush: async () => undefined,
    },
    nowMs: () => NOW_MS,
    newId: () => 'd-1',
    device: 'laptop',
    user: () => 'ann',
  });
  const head: RequestHead = {
    method: 'POST',
    scheme: 'https',
    authority: { host, port: 443 },
    path,
    headers: ['content-type', type],
    httpVersion: '1.1',
    webSocket: false,
    hasBody: true,
  };
  const connection = {} as Parameters<typeof journey.openFlow>[1];
  const flow = journey.openFlow(head, connection);
  const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  if (flow.requestPlan.type !== 'hold') return { plan: flow.requestPlan.type, verdict: undefined, records };
  const verdict: RequestVerdict = await flow.requestBody(bytes);
  flow.finish({
    result: verdict.type === 'refuse' ? 'refused' : 'complete',
    cause: undefined,
    requestBytes: bytes.length,
    responseBytes: 0,
    addedMs: 0,
  });
  return { plan: 'hold', verdict, records };
}

const messageWith = (block: object) => ({
  model: 'claude-opus-5',
  max_tokens: 5,
  messages: [{ role: 'user', content: [block] }],
});
const documentOf = (bytes: Uint8Array, media_type: string) =>
  messageWith({
    type: 'document',
    source: { type: 'base64', media_type, data: Buffer.from(bytes).toString('base64') },
  });
const refusalOf = (verdict: RequestVerdict | undefined): string =>
  verdict?.type === 'refuse' ? String(verdict.response.body) : JSON.stringify(verdict);

describe('secrets in attachments', () => {
  it('in an archive in a document block', async () => {
    const zip = zipOf([
      { name: 'ordinary.txt', data: 'hello' },
      { name: 'deploy/.env', data: note() },
    ]);
    const { verdict, records } = await send({ policy: SECRETS, body: documentOf(zip, 'application/zip') });
    expect(refusalOf(verdict)).toMatch(/no-secrets.*AWS access key.* in an attached file/);
    expect(refusalOf(verdict)).not.toContain('.env');
    expect(records[0]?.findings).toEqual({ 'aws-access-key-id': 1 });
  });

  it('in UTF-16 that calls itself plain text', async () => {
    const text = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(note(), 'utf16le')]);
    const { verdict } = await send({ policy: SECRETS, body: documentOf(text, 'text/plain') });
    expect(verdict?.type).toBe('refuse');
  });

  it('in base64 in the result of a tool', async () => {
    const printed = Buffer.from(`${'# settings of the service\n'.repeat(6)}${note()}`)
      .toString('base64')
      .replace(/.{76}/g, '$&\n');
    const body = {
      model: 'claude-opus-5',
      max_tokens: 5,
      messages: [
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'Bash', input: {} }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 't1', content: `$ base64 x\n${printed}` }],
        },
      ],
    };
    const { verdict } = await send({ policy: SECRETS.replace('detect', 'on: [tool-result], detect'), body });
    expect(refusalOf(verdict)).toMatch(/AWS access key.*in the result of the tool \\"Bash\\"/);
  });

  it('in a file uploaded by a form, as its own body, and to a chat site', async () => {
    const zip = zipOf([{ name: 'x', data: note() }]);
    const form = new FormData();
    form.append('purpose', 'assistants');
    form.append('file', new Blob([new Uint8Array(zip)]), 'notes.zip');
    const encoded = new Response(form);
    const body = new Uint8Array(await encoded.arrayBuffer());
    const type = encoded.headers.get('content-type') ?? '';
    for (const [host, path] of [
      ['api.openai.com', '/v1/files'],
      ['claude.ai', '/api/organizations/x/upload'],
    ] as const) {
      const { verdict } = await send({ policy: SECRETS, host, path, type, body });
      expect(refusalOf(verdict)).toMatch(/AWS access key/);
    }
    const put = await send({
      policy: SECRETS,
      host: 'chatgpt.com',
      path: '/backend-api/files/1',
      type: 'application/octet-stream',
      body: zip,
    });
    expect(refusalOf(put.verdict)).toMatch(/AWS access key/);
  });

  it.each<readonly [string, () => object | Uint8Array, string | undefined]>([
    [
      'a file in an archive',
      () => documentOf(zipOf([{ name: 'a.json', data: spelledNote() }]), 'application/zip'),
      undefined,
    ],
    [
      'a file that no dialect reads as text',
      () => documentOf(Buffer.from(spelledNote()), 'application/x'),
      undefined,
    ],
    ['a file that one reads', () => documentOf(Buffer.from(spelledNote()), 'text/plain'), undefined],
    ['an uploaded file', () => Buffer.from(spelledNote()), 'application/octet-stream'],
    [
      'a file in a form',
      () =>
        Buffer.from(
          `--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n${spelledNote()}\r\n--x--`,
        ),
      'multipart/form-data; boundary=x',
    ],
    [
      'base64 in a text',
      () =>
        messageWith({
          type: 'text',
          text: Buffer.from(`${'# settings of the service\n'.repeat(6)}${spelledNote()}`).toString('base64'),
        }),
      undefined,
    ],
  ])('spelled in escapes, in %s, with an opener or without', async (_name, body, type) => {
    const upload = { host: 'chatgpt.com', path: '/backend-api/files/1' };
    const sent = { policy: SECRETS, body: body(), ...(type !== undefined && { ...upload, type }) };
    expect(refusalOf((await send(sent)).verdict)).toMatch(/AWS access key/);
    if (type !== undefined) {
      const { verdict } = await send({ ...sent, opener: undefined });
      expect(refusalOf(verdict)).toMatch(/AWS access key/);
    }
  });

  it('another spelling of a file is no second file', async () => {
    const policy = 'guardrails: [{ id: one-file, detect: attachment, action: block, maxFiles: 1 }]';
    for (const type of ['text/plain', 'application/x']) {
      const body = documentOf(Buffer.from(spelledNote()), type);
      expect((await send({ policy, body })).verdict?.type).toBe('forward');
      expect((await send({ policy, body, opener: undefined })).verdict?.type).toBe('forward');
    }
  });

  it('redact blocks where only a file could be edited, and edits the text beside it', async () => {
    const policy = SECRETS.replace('block', 'redact');
    const zip = zipOf([{ name: 'x', data: note() }]);
    const sealed = await send({ policy, body: documentOf(zip, 'application/zip') });
    expect(refusalOf(sealed.verdict)).toContain("in an attached file, and can't edit a file.");
    const body = documentOf(zipOf([{ name: 'x', data: 'hello' }]), 'application/zip');
    body.messages[0]?.content.push({ type: 'text', text: note() });
    const { verdict } = await send({ policy, body });
    expect(verdict?.type === 'forward' && String(verdict.body)).toContain('[REDACTED:aws-access-key-id]');
  });
});

describe('what can not be opened', () => {
  const bomb = zipOf([{ name: 'zeroes', data: Buffer.alloc(20_000_000) }]);
  const locked = zipOf([{ name: 'x', data: 'x', encrypted: true }]);

  it.each([
    ['an archive bomb', bomb, 'grows beyond every limit'],
    ['an encrypted archive', locked, 'no password'],
    ['a torn document', fixture('words.docx').subarray(0, 9_000), "can't open an attachment"],
  ])('%s never passes a rule that blocks on failure', async (_name, bytes, why) => {
    const { verdict } = await send({ policy: SECRETS, body: documentOf(bytes, 'application/zip') });
    expect(refusalOf(verdict)).toContain(why);
  });

  it('passes where the rule says so, and the record tells', async () => {
    const policy = SECRETS.replace('action: block', 'action: block, onFailure: warn');
    const { verdict, records } = await send({ policy, body: documentOf(locked, 'application/zip') });
    expect(verdict?.type).toBe('forward');
    expect(records[0]).toMatchObject({ effective: 'warn' });
  });

  it('each is a finding of an attachment rule', async () => {
    const policy = 'guardrails: [{ id: files, detect: attachment, files: [archive], action: block }]';
    const { verdict, records } = await send({ policy, body: documentOf(locked, 'image/png') });
    expect(verdict?.type).toBe('refuse');
    expect(records[0]?.findings).toEqual({ archive: 1, 'encrypted-archive': 1, 'mismatched-attachment': 1 });
  });
});

describe('ordinary attachments', () => {
  it('a harmless document is forwarded as it came', async () => {
    const body = documentOf(
      fixture('words.docx'),
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    );
    expect((await send({ policy: SECRETS, body })).verdict).toEqual({ type: 'forward' });
  });

  it('an allow rule notes kinds; sizes are told without a place', async () => {
    const policy =
      'guardrails: [{ id: files, detect: attachment, action: allow }, { id: small, detect: size, maxBytes: 1000, action: block }]';
    const { verdict, records } = await send({
      policy,
      body: documentOf(fixture('words.pdf'), 'application/pdf'),
    });
    expect(refusalOf(verdict)).toContain('The rule \\"small\\" found a request larger than 1000 bytes.');
    expect(records[0]?.findings).toEqual({ pdf: 1, 'too-many-bytes': 1 });
  });

  it('a PDF that was opened once is searched without waiting', async () => {
    const before = realOpener.counters.remembered;
    const body = documentOf(fixture('words.pdf'), 'application/pdf');
    await send({ policy: SECRETS, body });
    expect(realOpener.counters.remembered).toBeGreaterThan(before);
  });
});

/** Documents and archives on their way to a model, by real SDKs through the real agent; and a service that is asked over TLS. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RemoteText } from '../../agent/src/core/remote.ts';
import { zipOf } from '../kit/archives.ts';
import { type CheckService, startCheckService } from '../kit/check-service.ts';
import { liveLookingAwsKey, type Office, openOffice } from '../kit/office.ts';

const CHECK_HOST = 'check.example.test';
let office: Office;
let service: CheckService;

beforeAll(async () => {
  office = await openOffice({
    policy: `postern: 1
name: attachments
guardrails:
  - { id: no-secrets, detect: secrets, action: block }
  - { id: no-programs, detect: attachment, files: [executable], action: block, message: Programs stay here. }
  - id: our-names
    detect: remote
    provider: webhook
    url: https://${CHECK_HOST}/check
    credentials: { file: hook.key }
    timeoutMs: 20000
    action: block
`,
    route: (host) => (host === CHECK_HOST ? Number(new URL(service.url).port) : undefined),
  });
  const certificate = await office.authority.issue({ names: [CHECK_HOST] });
  service = await startCheckService(
    ({ body }) => ({
      findings: (body['texts'] as RemoteText[]).flatMap(({ text }, index) =>
        text.includes('blueheron') ? [{ text: index, kind: 'code-name', label: 'code name' }] : [],
      ),
    }),
    certificate,
  );
  mkdirSync(path.join(office.home, 'credentials'), { mode: 0o700 });
  writeFileSync(path.join(office.home, 'credentials', 'hook.key'), 'hook-secret', { mode: 0o600 });
});
afterAll(async () => {
  await office.stop();
  await service.close();
});

function fileOf(name: string, content: Uint8Array): string {
  const file = path.join(office.folder, name);
  writeFileSync(file, content);
  return file;
}

async function attach(vendor: string, file: string, mediaType: string) {
  const ran = await office.run(['node', 'test/journeys/scripts/attach.mjs', vendor, file, mediaType]);
  return JSON.parse(ran.stdout || JSON.stringify({ stderr: ran.stderr })) as {
    ok: boolean;
    status?: number;
    message?: string;
  };
}

describe('what is attached', () => {
  it.each(['anthropic', 'openai-chat', 'openai-file'])(
    '%s: a key in an archive is found, and told once',
    async (vendor) => {
      const zip = zipOf([{ name: '.env', data: `aws_access_key_id = ${liveLookingAwsKey(9)}` }]);
      const sent = await attach(vendor, fileOf('notes.zip', zip), 'application/zip');
      expect(sent).toMatchObject({
        ok: false,
        status: 400,
        message: expect.stringContaining('AWS access key in an attached file'),
      });
    },
  );

  it('a program that calls itself a picture', async () => {
    const program = Buffer.concat([Buffer.from('7f454c4602010100', 'hex'), Buffer.alloc(200)]);
    const sent = await attach('anthropic', fileOf('holiday.png', program), 'application/pdf');
    expect(sent.message).toContain('Programs stay here.');
  });

  it('an encrypted archive does not pass', async () => {
    const zip = zipOf([{ name: 'x', data: 'x', encrypted: true }]);
    expect((await attach('anthropic', fileOf('x.zip', zip), 'application/zip')).message).toContain(
      'has no password',
    );
  });

  it('a document is read, and its words are checked by the company', async () => {
    const docx = path.join(import.meta.dirname, '..', 'open', 'fixtures', 'words.docx');
    const type = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
    const sent = await attach('anthropic', docx, type);
    expect(sent).toMatchObject({
      ok: false,
      status: 400,
      message: expect.stringContaining('code name in an attached file'),
    });
    const asked = service.asked.flatMap(({ body }) => body['texts'] as RemoteText[]);
    expect(
      asked.some(({ kind, text }) => kind === 'file' && text.includes('The code name is blueheron')),
    ).toBe(true);
    expect(office.proxy.connects).toContain(`${CHECK_HOST}:443`);
  });

  it('an ordinary one goes through', async () => {
    const rtf = Buffer.from('{\\rtf1\\ansi ordinary words\\par}');
    expect(await attach('anthropic', fileOf('plain.rtf', rtf), 'application/rtf')).toEqual({ ok: true });
  });

  it('the log counts what was found, and the credential is nowhere in it', async () => {
    const { stdout } = await office.postern(['audit', 'export']);
    expect(stdout).toContain('"aws-access-key-id":1');
    expect(stdout).toContain('"code-name":1');
    expect(stdout + office.log()).not.toContain('hook-secret');
  });
});

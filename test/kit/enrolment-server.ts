/** An organisation's enrolment server, as docs/admin.md has it: one-time tokens, proofs checked, devices kept. */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { IssuedCertificate } from './pki.ts';

export interface EnrolledDevice {
  readonly id: string;
  readonly publicKey: string;
  readonly hostname: string;
  readonly os: string;
  readonly version: string;
}

export interface EnrolmentServer {
  readonly url: string;
  readonly tokens: Set<string>;
  readonly devices: EnrolledDevice[];
  tenant: { id: string; name?: string };
  roots: string[];
  /** Answers in its place, as status and text. */
  answers: { status: number; type: string; body: string } | undefined;
  close(): Promise<void>;
}

export async function startEnrolmentServer(certificate: IssuedCertificate): Promise<EnrolmentServer> {
  const server = createServer(certificate, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const say = (status: number, body: unknown): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (self.answers !== undefined) {
      const { status, type, body } = self.answers;
      return void response.writeHead(status, { 'content-type': type }).end(body);
    }
    const { device, token, atMs, proof } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
      device: EnrolledDevice;
      token: string;
      atMs: number;
      proof: string;
    };
    const key = createPublicKey(device.publicKey);
    const digest = createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest('hex');
    const signed = ['postern-enrol-1', self.url, device.id, token, String(atMs)].join('\n');
    if (
      digest.slice(0, 32) !== device.id ||
      !verify(null, Buffer.from(signed), key, Buffer.from(proof, 'base64'))
    )
      return say(400, { error: 'bad-proof', message: 'The proof does not fit the key.' });
    if (!self.tokens.delete(token))
      return say(403, { error: 'bad-token', message: 'The token was used or never given out.' });
    self.devices.push(device);
    say(200, { tenant: self.tenant, policy: { roots: self.roots } });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const self: EnrolmentServer = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/enrol`,
    tokens: new Set(['one-time']),
    devices: [],
    tenant: { id: 'acme', name: 'Acme Ltd' },
    roots: ['ab'.repeat(32)],
    answers: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return self;
}

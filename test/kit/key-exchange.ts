/** A token exchange as RFC 8693 has it: a person's access token, which the real provider must know, against a key. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { OpenIdProvider } from './openid-provider.ts';
import type { TestAuthority } from './pki.ts';

export interface KeyExchange {
  readonly url: string;
  readonly forms: URLSearchParams[];
  /** Keys given out, in order. */
  readonly given: string[];
  expiresInSeconds: number | undefined;
  /** What keys look like. */
  keyFor: (person: string | undefined, number: number) => string;
  /** An OAuth error instead of a key. */
  refuses: string | undefined;
  close(): Promise<void>;
}

export async function startKeyExchange(authority: TestAuthority, op: OpenIdProvider): Promise<KeyExchange> {
  const server = createServer(
    await authority.issue({ addresses: ['127.0.0.1'] }),
    async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
      self.forms.push(form);
      const say = (status: number, body: Record<string, unknown>): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      };
      const known = await op.provider.AccessToken.find(form.get('subject_token') ?? '');
      if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:token-exchange')
        return say(400, { error: 'unsupported_grant_type' });
      if (self.refuses !== undefined)
        return say(403, { error: self.refuses, error_description: 'not in a team' });
      if (known === undefined)
        return say(400, { error: 'invalid_request', error_description: 'unknown token' });
      const key = self.keyFor(known.accountId, self.given.length + 1);
      self.given.push(key);
      say(200, {
        access_token: key,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'N_A',
        ...(self.expiresInSeconds !== undefined && { expires_in: self.expiresInSeconds }),
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const self: KeyExchange = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/exchange`,
    forms: [],
    given: [],
    keyFor: (person, number) => `vk-${person}-${number}`,
    expiresInSeconds: undefined,
    refuses: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return self;
}

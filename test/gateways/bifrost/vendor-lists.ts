/**
 * Bifrost doesn't start without two lists from its vendor's site: prices, and parameters of models. They come from here, by
 * way of a proxy that knows no other host: nothing leaves the machine.
 */
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { startCorporateProxy } from '../../kit/corporate-proxy.ts';
import type { TestAuthority } from '../../kit/pki.ts';

const VENDOR = /^(www\.)?getbifrost\.ai$/;

/** Of 21 tokens in and 9 out, which are the fake provider's every answer: 10.21 dollars, more than a budget of the test has. */
const price = (provider: string) => ({
  provider,
  mode: 'chat',
  input_cost_per_token: 0.2,
  output_cost_per_token: 0.667778,
});
const LISTS: Readonly<Record<string, object>> = {
  '/datasheet': {
    'gpt-4o-mini': price('openai'),
    'claude-sonnet-4-5': price('anthropic'),
    'gemini-2.5-flash': price('gemini'),
  },
};

export interface VendorLists {
  /** For `HTTPS_PROXY`. */
  readonly proxy: string;
  close(): Promise<void>;
}

export async function startVendorLists(authority: TestAuthority): Promise<VendorLists> {
  const issued = await authority.issue({ names: ['getbifrost.ai', 'www.getbifrost.ai'] });
  const server = https.createServer(issued, (request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(LISTS[request.url ?? ''] ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy = await startCorporateProxy({ route: (host) => (VENDOR.test(host) ? port : undefined) });
  return {
    proxy: proxy.url,
    async close() {
      await proxy.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** As far as the tests use it; the package brings no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface Artifact {
    readonly accountId?: string;
    readonly grantId?: string;
  }

  // biome-ignore lint/style/noDefaultExport: the package's own
  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    on(event: string, listener: (...args: unknown[]) => void): void;
    proxy: boolean;
    readonly RefreshToken: {
      find(value: string): Promise<Artifact | undefined>;
      revokeByGrantId(grantId: string): Promise<void>;
    };
    readonly AccessToken: { find(value: string): Promise<Artifact | undefined> };
  }
}

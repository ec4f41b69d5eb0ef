import { z } from 'zod';
import type { SendHttp } from '../../core/http.ts';
import type { TokenExchangeConfig } from './config.ts';
import { IdentityError } from './identity-error.ts';
import { ownCall } from './own-call.ts';

const TIMEOUT_MS = 8_000;
const MAX_REPLY_BYTES = 256 * 1024;
const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:';

/** RFC 8693 section 2.2.1. The token is called access_token whatever it is. */
const success = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().optional(),
});
/** RFC 6749 section 5.2. */
const failure = z.object({ error: z.string(), error_description: z.string().optional() });

export interface ExchangedKey {
  readonly secret: string;
  readonly expiresInMs: number | undefined;
}

/** The person's token for a key of the gateway. Throws IdentityError `key-refused` if the answer is no. */
export async function exchangeToken(
  send: SendHttp,
  config: TokenExchangeConfig,
  clientId: string,
  subjectToken: string,
): Promise<ExchangedKey> {
  const url = new URL(config.endpoint);
  const form = new URLSearchParams({
    grant_type: GRANT,
    client_id: clientId,
    subject_token: subjectToken,
    subject_token_type: TOKEN_TYPE + config.subjectToken,
    ...(config.audience !== undefined && { audience: config.audience }),
    ...(config.resource !== undefined && { resource: config.resource }),
    ...(config.scope !== undefined && { scope: config.scope }),
    ...(config.requestedTokenType !== undefined && { requested_token_type: config.requestedTokenType }),
  });
  const reply = await ownCall(send, {
    url,
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      'accept-encoding': 'identity',
    },
    body: form.toString(),
    signal: AbortSignal.timeout(TIMEOUT_MS),
    maxReplyBytes: MAX_REPLY_BYTES,
  });
  const answer = parseJson(Buffer.from(reply.body).toString('utf8'));
  if (reply.status === 200) {
    const parsed = success.safeParse(answer);
    if (parsed.success) {
      const { access_token: secret, expires_in: seconds } = parsed.data;
      return { secret, expiresInMs: seconds === undefined ? undefined : seconds * 1000 };
    }
    throw new IdentityError(
      'provider-failed',
      `${url.host} answered the exchange for a key without one.`,
      'Tell your administrator: identity.tokenExchange.endpoint must answer as RFC 8693 says.',
    );
  }
  const said = failure.safeParse(answer);
  const why = said.success
    ? [said.data.error, said.data.error_description].filter((part) => part !== undefined).join(': ')
    : `it answered ${reply.status}`;
  throw new IdentityError(
    'key-refused',
    `${url.host} gives you no key: ${why}.`,
    'Sign out and in again (postern logout, postern login). If that changes nothing, ask your administrator for access.',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller says what was wrong with it
  }
}

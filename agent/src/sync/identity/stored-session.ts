import { z } from 'zod';
import type { SecretStore } from '../../core/secrets.ts';
import type { IdentityConfig } from './config.ts';

const NAME = 'session';

const schema = z.object({
  version: z.literal(1),
  issuer: z.string(),
  clientId: z.string(),
  signedInAtMs: z.number(),
  refreshToken: z.string().optional(),
  /** Without a refresh token the session ends here. */
  untilMs: z.number().optional(),
  /** For the sign-out at the provider only. */
  idToken: z.string().optional(),
  claims: z.record(z.string(), z.unknown()),
});

/** What of a sign-in outlives the process. */
export type StoredSession = Omit<z.infer<typeof schema>, 'version'>;

/** Undefined too if it is another provider's, or not ours to read: then somebody has to sign in anyway. */
export async function loadSession(
  secrets: SecretStore,
  { issuer, clientId }: IdentityConfig,
): Promise<StoredSession | undefined> {
  const text = await secrets.get(NAME);
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success || parsed.data.issuer !== issuer || parsed.data.clientId !== clientId) return undefined;
  return parsed.data;
}

export const saveSession = (secrets: SecretStore, session: StoredSession): Promise<void> =>
  secrets.set(NAME, JSON.stringify({ version: 1, ...session }));

export const forgetSession = (secrets: SecretStore): Promise<void> => secrets.delete(NAME);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not ours: no session
  }
}

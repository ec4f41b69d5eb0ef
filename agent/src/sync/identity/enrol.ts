import { z } from 'zod';
import type { DeviceIdentity } from '../../core/device.ts';
import type { SendHttp } from '../../core/http.ts';
import type { Tenant } from '../../core/tenant.ts';
import { IdentityError } from './identity-error.ts';
import { ownCall } from './own-call.ts';

const TIMEOUT_MS = 8_000;
const MAX_REPLY_BYTES = 64 * 1024;

export interface EnrolmentQuestion {
  readonly url: string;
  /** One-time; given out by the organisation. */
  readonly token: string;
  /** What the organisation's list of devices shows. */
  readonly about: { readonly hostname: string; readonly os: string; readonly version: string };
}

const granted = z.object({
  tenant: z.object({
    id: z.string().min(1).max(200),
    name: z.string().max(200).optional(),
  }),
  policy: z.object({ roots: z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(10) }).optional(),
});
const refusal = z.object({ error: z.string().optional(), message: z.string().max(500).optional() });

/** What is signed, so that nobody else's key can be enrolled in its place (docs/admin.md, Enrolment). */
export const enrolmentProof = (url: string, deviceId: string, token: string, atMs: number): Uint8Array =>
  Buffer.from(['postern-enrol-1', url, deviceId, token, String(atMs)].join('\n'));

/** Shows the device's public key and a one-time token; gets the organisation's name and policy roots back. */
export async function enrol(
  send: SendHttp,
  device: DeviceIdentity,
  { url, token, about }: EnrolmentQuestion,
  atMs: number,
): Promise<Tenant> {
  const { host } = new URL(url);
  const proof = device.sign(enrolmentProof(url, device.id, token, atMs));
  const body = JSON.stringify({
    version: 1,
    device: { id: device.id, publicKey: device.publicKeyPem, ...about },
    token,
    atMs,
    proof: Buffer.from(proof).toString('base64'),
  });
  const reply = await ownCall(send, {
    url: new URL(url),
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'accept-encoding': 'identity',
    },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    maxReplyBytes: MAX_REPLY_BYTES,
  });
  const answer = parseJson(Buffer.from(reply.body).toString('utf8'));
  if (reply.status !== 200 && reply.status !== 201) {
    const said = refusal.safeParse(answer);
    const why = (said.success && (said.data.message ?? said.data.error)) || `it answered ${reply.status}`;
    throw new IdentityError(
      'enrolment-refused',
      `${host} does not enrol this device: ${why.replace(/\p{Cc}+/gu, ' ')}`,
      'Ask your administrator for a new enrolment token; each works once.',
    );
  }
  const parsed = granted.safeParse(answer);
  if (!parsed.success) {
    throw new IdentityError(
      'enrolment-failed',
      `${host} answered the enrolment with something else: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`,
      'Check the address; the answer must be as docs/admin.md says.',
    );
  }
  const { tenant, policy } = parsed.data;
  return {
    id: tenant.id,
    name: tenant.name,
    enrolledAtMs: atMs,
    enrolUrl: url,
    policyRoots: policy?.roots ?? [],
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller says what was wrong with it
  }
}

import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Match } from '../../../core/finding.ts';
import type { RemoteText } from '../../../core/remote.ts';
import { fromCodePoints } from '../code-points.ts';
import type { Provider, RemoteRule } from '../provider.ts';
import { RemoteCheckError } from '../remote-check-error.ts';

/** Postern's own contract, version 1; described in docs/security.md. */
const reply = z.object({
  findings: z.array(
    z
      .object({
        text: z.int().min(0),
        kind: z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/),
        /** Read by the employee. Control characters and whole sentences have no place in it. */
        label: z
          .string()
          .min(1)
          .max(80)
          .regex(/^[^\p{C}]+$/u),
        severity: z.enum(['low', 'medium', 'high', 'critical']).default('medium'),
        confidence: z.enum(['low', 'medium', 'high']).default('medium'),
        start: z.int().min(0).optional(),
        end: z.int().min(0).optional(),
      })
      .refine(
        ({ start, end }) => (start === undefined) === (end === undefined) && (start ?? 0) <= (end ?? 0),
      ),
  ),
  /** How `start` and `end` count. */
  offsets: z.enum(['utf-16', 'code-points']).default('utf-16'),
});

export function createWebhook({ id, url = '' }: RemoteRule): Provider {
  return {
    maxChars: 50_000,
    maxTexts: 50,
    async calls({ texts, direction, credential, nowMs }) {
      if (credential === undefined) throw new RemoteCheckError('credentials');
      const body = JSON.stringify({
        postern: 1,
        rule: id,
        direction,
        texts: texts.map(({ text, kind, role }) => ({ text, kind, role })),
      });
      const timestamp = Math.floor(nowMs / 1000).toString();
      const headers = {
        'x-postern-timestamp': timestamp,
        'x-postern-signature': `v1=${signature(credential, timestamp, body)}`,
      };
      return [{ url: new URL(url), headers, body, read: (answer) => matchesIn(texts, reply.parse(answer)) }];
    },
  };
}

/** Over the time too, so that a recorded question can't be asked again later. */
const signature = (secret: string, timestamp: string, body: string): string =>
  createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');

function matchesIn(
  texts: readonly RemoteText[],
  { findings, offsets }: z.infer<typeof reply>,
): readonly (readonly Match[])[] {
  const found = texts.map((): Match[] => []);
  for (const { text: index, start, end, ...match } of findings) {
    const text = texts[index]?.text;
    if (text === undefined) throw new RemoteCheckError('bad-answer');
    const toUnits = offsets === 'code-points' ? fromCodePoints(text) : (at: number) => at;
    const place =
      start === undefined || end === undefined ? undefined : { start: toUnits(start), end: toUnits(end) };
    if (place !== undefined && place.end > text.length) throw new RemoteCheckError('bad-answer');
    found[index]?.push({ ...match, ...(place ?? { start: 0, end: text.length }) });
  }
  return found;
}

/**
 * What a collector may learn where a works council has a say: that a rule was broken and by which app, not who did it
 * nor how much they do. Names become pseudonyms that only this device can resolve; what measures a person's work
 * (tokens, money, bytes, durations) and what they typed is left out.
 */
import { createHmac } from 'node:crypto';
import type { WorksCouncil } from '../../core/outbox.ts';
import type { ChainedBody } from '../audit/body.ts';

const PSEUDONYM = /^person-[0-9a-f]{12}$/;
/** Their details hold a person's own words. */
const TYPED = /^(exception-|governance-)/;

export function withoutPeople(body: ChainedBody, { key, deviceId }: WorksCouncil): ChainedBody {
  if (body.kind === 'event') return TYPED.test(body.code) ? { ...body, detail: '' } : body;
  if (body.kind === 'dropped') return { ...body, inputTokens: 0, outputTokens: 0, nanoUsd: 0 };
  const { tokens, cost, spend, key: virtualKey, ...rest } = body;
  return {
    ...rest,
    user: PSEUDONYM.test(body.user)
      ? body.user
      : `person-${createHmac('sha256', key).update(body.user).digest('hex').slice(0, 12)}`,
    device: deviceId,
    bytes: { request: 0, response: 0 },
    durationMs: 0,
    addedMs: 0,
  };
}

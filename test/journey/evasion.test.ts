/** Bodies and heads made so that a provider reads a secret in them that a careless reader would miss. */
import { describe, expect, it } from 'vitest';
import type { RequestVerdict } from '../../agent/src/core/flow.ts';
import { CHAT, MESSAGES, openFlow, openJourney } from '../kit/dialogue.ts';
import { liveLookingAwsKey } from '../kit/office.ts';

const KEY = liveLookingAwsKey(61);
const POLICY = `guardrails:
  - { id: no-secrets, detect: secrets, on: [request], action: block }
`;
const REDACT = POLICY.replace('block', 'redact');
async function verdictOn(
  body: string | Uint8Array,
  {
    policy = POLICY,
    headers = {},
    url = CHAT,
  }: { policy?: string; headers?: Record<string, string>; url?: string } = {},
): Promise<RequestVerdict | { type: 'unread' }> {
  const flow = openFlow(openJourney(policy).governor, { url, headers, body: 'there is one' });
  if (flow.requestPlan.type === 'refuse') return flow.requestPlan;
  if (flow.requestPlan.type === 'stream') return { type: 'unread' };
  return await flow.requestBody(typeof body === 'string' ? Buffer.from(body) : body);
}

describe('a member that is called by a secret', () => {
  const value = 'words that are no secret, and longer than the name before them';
  const body = (members: object): string =>
    JSON.stringify({
      model: 'claude-sonnet-4-5',
      max_tokens: 9,
      messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: members }] }],
    });

  it.each([
    ['in a dialect', MESSAGES, body({ [KEY]: value })],
    [
      'in a format that nobody knows',
      'https://chatgpt.com/backend-api/conversation',
      JSON.stringify({ [KEY]: value }),
    ],
  ])('can only be refused, and its value is not taken for it: %s', async (_, url, text) => {
    expect(await verdictOn(text, { policy: REDACT, url })).toMatchObject({ type: 'refuse' });
  });

  it('leaves the rest editable', async () => {
    const verdict = await verdictOn(body({ a: KEY, [`a name of ${value}`]: value }), {
      policy: REDACT,
      url: MESSAGES,
    });
    expect(verdict.type === 'forward' && Buffer.from(verdict.body ?? []).toString()).toContain('[REDACTED:');
  });

  it('an escaped text beside a secret leaves that editable', async () => {
    const text = JSON.stringify({ a: JSON.stringify({ q: 'one\ntwo', key: KEY }) });
    const verdict = await verdictOn(text, {
      policy: REDACT,
      url: 'https://chatgpt.com/backend-api/conversation',
    });
    expect(verdict.type === 'forward' && Buffer.from(verdict.body ?? []).toString()).toContain('[REDACTED:');
  });
});

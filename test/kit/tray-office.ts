/** An office in which everything that the tray's window can show has happened, by real traffic. */
import { liveLookingAwsKey, type Office, openOffice } from './office.ts';

export const TRAY_POLICY = `postern: 1
name: acme-baseline
guardrails:
  - id: no-secrets
    detect: secrets
    minConfidence: high
    on: [request]
    action: block
    message: Use a placeholder or your vault instead of the credential.
  - { id: codenames, detect: pattern, patterns: ['\\bproject-(falcon|osprey)\\b'], on: [request], action: redact }
  - id: customer-numbers
    detect: pattern
    patterns: ['\\bCUST-[0-9]{6}\\b']
    on: [request]
    action: justify
    justifyMinutes: 30
    message: Customer numbers leave the company only with a reason.
  - { id: internal-words, detect: pattern, patterns: ['\\bfor internal use\\b'], on: [request], action: warn }
models:
  - { match: ["gpt-4o"], action: block, message: Use gpt-4o-mini for this team. }
budgets:
  - { id: month, scope: user, window: 1mo, timezone: Europe/Oslo, limitUsd: 200, action: block }
  - { id: dear-models, scope: user, window: 1d, timezone: Europe/Oslo, match: ["claude-opus-*"], limitUsd: 2, action: block }
limits:
  - { id: pace, scope: user, requestsPerMinute: 600, concurrentStreams: 20, action: block }
apps:
  rules:
    - { match: [cline], state: denied, message: Use Claude Code. }
privacy: { content: blocked, retentionDays: 30 }
`;

interface Call {
  readonly maker: 'openai' | 'anthropic';
  readonly model: string;
  readonly prompt: string;
}

const PROMPTS: readonly Call[] = [
  {
    maker: 'openai',
    model: 'gpt-4o-mini',
    prompt: 'Explain the difference between a mutex and a semaphore.',
  },
  { maker: 'anthropic', model: 'claude-sonnet-4-5', prompt: 'Write a test for this parser.' },
  { maker: 'anthropic', model: 'claude-sonnet-4-5', prompt: 'Who is on project-falcon, and project-osprey?' },
  { maker: 'openai', model: 'gpt-4o-mini', prompt: 'This page is for internal use. Shorten it.' },
  { maker: 'openai', model: 'gpt-4o', prompt: 'Hello.' },
  { maker: 'anthropic', model: 'claude-opus-4-5', prompt: 'Plan the migration.' },
  { maker: 'anthropic', model: 'claude-opus-4-5', prompt: 'And now the second half of it.' },
  { maker: 'openai', model: 'gpt-4o-mini', prompt: 'What has CUST-482913 ordered?' },
  { maker: 'anthropic', model: 'claude-sonnet-4-5', prompt: `Why is ${liveLookingAwsKey(41)} denied?` },
];

/** `home`: one that holds earlier calls already. */
export async function openTrayOffice(home?: string): Promise<Office> {
  const office = await openOffice({ policy: TRAY_POLICY, ...(home !== undefined && { home }) });
  // Enough to use a small budget up with one call.
  office.provider.answer = ({ body }) => ({
    text: 'I am the fake provider.',
    inputTokens: body.includes('opus') ? 300_000 : 40_000,
    outputTokens: body.includes('opus') ? 60_000 : 4_000,
  });
  await makeCalls(office, PROMPTS);
  return office;
}

export async function makeCalls(
  office: Office,
  calls: readonly Call[],
): Promise<readonly { readonly ok: boolean; readonly message?: string }[]> {
  const ran = await office.run(['node', 'test/journeys/scripts/many-calls.mjs', JSON.stringify(calls)]);
  try {
    return JSON.parse(ran.stdout) as { ok: boolean; message?: string }[];
  } catch (cause) {
    throw new Error(`the calls were not made: ${ran.stderr}`, { cause });
  }
}

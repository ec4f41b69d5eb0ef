/** What the organisation pushes: first a word of warning about credentials, then a stop. */

const policy = (name: string, action: 'warn' | 'block', more: string): string => `postern: 1
name: ${name}
services:
  - { match: [openai, anthropic, gemini], mode: gateway }
guardrails:
  - { id: no-secrets, detect: secrets, action: ${action}${more} }
`;

export const GENTLE = policy('gentle', 'warn', '');
export const STRICT = policy(
  'strict',
  'block',
  ', message: "Put credentials into the vault, not into a prompt."',
);

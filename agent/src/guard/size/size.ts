import type { ExchangeRequest } from '../../core/exchange.ts';
import type { PlacedMatch, RequestDetector, RequestSubject } from '../../core/finding.ts';

export interface SizeLimits {
  readonly maxBytes: number | undefined;
  readonly maxTokens: number | undefined;
  readonly maxMessages: number | undefined;
}

/** About four characters make a token; the same rule of thumb as `request.tokensEstimate` in conditions. */
const CHARACTERS_PER_TOKEN = 4;

/** Says which of the limits a request has passed. */
export function createSizeDetector(id: string, limits: SizeLimits): RequestDetector {
  const { maxBytes, maxTokens, maxMessages } = limits;
  return {
    id,
    scope: 'request',
    inspect({ exchange, bytes }: RequestSubject) {
      const found: PlacedMatch[] = [];
      if (maxBytes !== undefined && bytes > maxBytes)
        found.push(match('too-many-bytes', `request larger than ${inWords(maxBytes)}`));
      if (maxTokens !== undefined && estimateTokens(exchange) > maxTokens)
        found.push(match('too-many-tokens', `text longer than ${maxTokens} tokens`));
      if (maxMessages !== undefined && countMessages(exchange) > maxMessages)
        found.push(match('too-many-messages', `conversation longer than ${maxMessages} messages`));
      return found;
    },
  };
}

const match = (kind: string, label: string): PlacedMatch => ({
  kind,
  label,
  severity: 'medium',
  confidence: 'high',
  start: 0,
  end: 0,
  place: '',
  partKind: 'text',
  role: 'user',
});

/** What is in attachments counts in bytes; nobody knows what a provider makes of them. */
function estimateTokens({ parts }: ExchangeRequest): number {
  let characters = 0;
  for (const { text, kind, within } of parts) {
    if (within !== undefined || kind === 'file' || kind === 'image' || kind === 'audio') continue;
    characters += text?.length ?? 0;
  }
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** Where the dialects keep their conversations: `messages`, `input` (OpenAI Responses), `contents` (Gemini). */
const MESSAGE = /^\/(?:messages|input|contents)\/(\d+)(?:\/|$)/;

/** By the highest position: a message without text has no part. */
function countMessages({ parts }: ExchangeRequest): number {
  let count = 0;
  for (const { pointer } of parts) {
    const position = MESSAGE.exec(pointer)?.[1];
    if (position !== undefined) count = Math.max(count, Number(position) + 1);
  }
  return count;
}

const UNITS = ['bytes', 'KB', 'MB', 'GB'];

export function inWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toFixed(1))} ${UNITS[unit]}`;
}

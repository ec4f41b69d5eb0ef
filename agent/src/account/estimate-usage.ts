/** Usage for a call of which the provider reported none, or not all: an aborted stream, a chat without usage. */
import type { Part, Usage } from '../core/exchange.ts';
import { type Tokens, tokens } from '../core/units.ts';
import { estimateTokens } from './estimate-tokens.ts';
import type { UsageReport } from './merge-usage.ts';

/** Rough figures of the providers' pages for a picture of ordinary size; they differ by model and resolution. */
const IMAGE_TOKENS = 1_000;
const AUDIO_BYTES_PER_TOKEN = 600;
const FILE_BYTES_PER_TOKEN = 4;
/** Roles and separators around each message. */
const PART_OVERHEAD_TOKENS = 3;
/** Characters per token where only a length is known. */
const CHARACTERS_PER_TOKEN = 4;

/** Estimated input tokens of a request's parts. */
export function estimateInputTokens(parts: readonly Part[]): Tokens {
  let sum = 0;
  for (const part of parts) sum += PART_OVERHEAD_TOKENS + partTokens(part);
  return tokens(sum);
}

function partTokens(part: Part): number {
  return attachmentTokens(part) ?? (part.text === undefined ? 0 : estimateTokens(part.text));
}

/** Undefined for what isn't an attachment. */
export function attachmentTokens(part: Part): number | undefined {
  // Before the text: an attachment's text is its base64, which no model reads as text.
  if (part.kind === 'image') return IMAGE_TOKENS;
  if (part.kind === 'audio') return Math.ceil((part.bytes ?? 0) / AUDIO_BYTES_PER_TOKEN);
  return part.kind === 'file' ? Math.ceil((part.bytes ?? 0) / FILE_BYTES_PER_TOKEN) : undefined;
}

/** What came back, as the stream showed it: text where it is at hand, else how many characters. */
export type OutputSeen =
  | { readonly text: string }
  | { readonly characters: number }
  /** Weights of the pieces, added up. */
  | { readonly tokens: number };

/**
 * Fills what the provider left open. A report that isn't the final one (Anthropic's `message_start` says one output
 * token) is only a lower bound of the output. `estimated` is true if anything in the result is not the provider's.
 */
export function estimateUsage(
  parts: readonly Part[],
  output: OutputSeen,
  report?: UsageReport,
): { readonly usage: Usage; readonly estimated: boolean } {
  const reported = report?.usage;
  const inputKnown = reported?.inputTokens !== undefined;
  const outputKnown = reported?.outputTokens !== undefined && report?.final === true;
  if (reported !== undefined && inputKnown && outputKnown) return { usage: reported, estimated: false };
  const usage: Usage = {
    ...NOTHING_REPORTED,
    ...reported,
    inputTokens: reported?.inputTokens ?? estimateInputTokens(parts),
    outputTokens: outputKnown
      ? reported?.outputTokens
      : tokens(Math.max(reported?.outputTokens ?? 0, outputEstimate(output))),
  };
  return { usage, estimated: true };
}

const NOTHING_REPORTED: Usage = {
  inputTokens: undefined,
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  cacheWrite1hTokens: undefined,
  outputTokens: undefined,
  reasoningTokens: undefined,
  inputAudioTokens: undefined,
  outputAudioTokens: undefined,
  raw: undefined,
};

function outputEstimate(output: OutputSeen): Tokens {
  if ('text' in output) return estimateTokens(output.text);
  return tokens(Math.ceil('tokens' in output ? output.tokens : output.characters / CHARACTERS_PER_TOKEN));
}

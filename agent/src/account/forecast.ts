/**
 * What a call will take, before it is sent: its input by a sample of its text, corrected by what the provider counted
 * for the call before it in the same conversation, and a first share of its output. No text is kept: a conversation is
 * a hash of how it begins.
 */
import { hash } from 'node:crypto';
import type { ExchangeRequest, Part } from '../core/exchange.ts';
import { tokenWeight } from './estimate-tokens.ts';
import { attachmentTokens } from './estimate-usage.ts';

export interface Forecast {
  readonly inputTokens: number;
  /** What is held for the answer at first; more is held as it comes. */
  readonly outputTokens: number;
  /** True if the provider's own counts stand behind it. */
  readonly calibrated: boolean;
  /** For `learn`. */
  readonly basis: ForecastBasis;
}

interface ForecastBasis {
  readonly conversation: string;
  readonly family: string;
  readonly characters: number;
  readonly fixedTokens: number;
}

/** Tokens per character. */
type Ratio = number;

const MAX_CONVERSATIONS = 1_000;
const MAX_FAMILIES = 200;
/** Reading more of a text doesn't make the ratio better by as much as it costs. */
const SAMPLE_CHARACTERS = 4_096;
const SAMPLE_PIECE = 512;
const BEGINNING_CHARACTERS = 512;
/** Roles and separators around each message. */
const PART_OVERHEAD_TOKENS = 3;
/** A ratio outside of this is a miscount: cached tokens left out, a prompt that the provider stores. */
const MIN_RATIO = 0.02;
const MAX_RATIO = 3;
/** Of the most that a caller allows for the answer, the part that is held before any of it has come. */
const OUTPUT_SHARE = 1 / 16;
const MIN_OUTPUT_TOKENS = 64;
/** Where the caller sets no limit: what answers take at most, as a rule. */
const USUAL_MAX_OUTPUT_TOKENS = 8_192;
/** An unstreamed answer comes in one piece: nothing can be cut, so that more is held beforehand. */
const UNSTREAMED_OUTPUT_TOKENS = 2_048;

export class Forecaster {
  readonly #conversations = new Map<string, Ratio>();
  readonly #families = new Map<string, Ratio>();

  forecast(service: string, exchange: ExchangeRequest): Forecast {
    const { parts, model = '' } = exchange;
    const { characters, fixedTokens } = measure(parts);
    const family = `${service} ${model}`;
    const conversation = beginningOf(family, parts);
    const known = this.#conversations.get(conversation) ?? this.#families.get(family);
    const ratio = known ?? sampledRatio(parts);
    return {
      inputTokens: Math.ceil(fixedTokens + characters * ratio),
      outputTokens: firstOutput(exchange),
      calibrated: known !== undefined,
      basis: { conversation, family, characters, fixedTokens },
    };
  }

  /** What the provider counted as input for that call. */
  learn({ conversation, family, characters, fixedTokens }: ForecastBasis, inputTokens: number): void {
    if (characters < 1) return;
    const ratio = (inputTokens - fixedTokens) / characters;
    if (!(ratio >= MIN_RATIO && ratio <= MAX_RATIO)) return;
    remember(this.#conversations, conversation, ratio, MAX_CONVERSATIONS);
    const before = this.#families.get(family);
    remember(this.#families, family, before === undefined ? ratio : before * 0.8 + ratio * 0.2, MAX_FAMILIES);
  }

  get size(): number {
    return this.#conversations.size + this.#families.size;
  }
}

/** Least recently told is forgotten first: a Map keeps the order in which keys were set. */
function remember(ratios: Map<string, Ratio>, key: string, ratio: Ratio, max: number): void {
  ratios.delete(key);
  ratios.set(key, ratio);
  if (ratios.size <= max) return;
  const [oldest] = ratios.keys();
  if (oldest !== undefined) ratios.delete(oldest);
}

function measure(parts: readonly Part[]): { readonly characters: number; readonly fixedTokens: number } {
  let characters = 0;
  let fixedTokens = 0;
  for (const part of parts) {
    const attached = attachmentTokens(part);
    fixedTokens += PART_OVERHEAD_TOKENS + (attached ?? 0);
    if (attached === undefined) characters += part.text?.length ?? 0;
  }
  return { characters, fixedTokens };
}

/** Beginnings of texts from all over the call: files and prose differ, and so do their tokens. */
function sampledRatio(parts: readonly Part[]): Ratio {
  const texts = parts.filter((part) => part.text !== undefined && attachmentTokens(part) === undefined);
  const step = Math.max(1, Math.floor((texts.length * SAMPLE_PIECE) / SAMPLE_CHARACTERS));
  let characters = 0;
  let weight = 0;
  for (let i = 0; i < texts.length && characters < SAMPLE_CHARACTERS; i += step) {
    const text = texts[i]?.text ?? '';
    const piece = texts.length === 1 ? text.slice(0, SAMPLE_CHARACTERS) : text.slice(0, SAMPLE_PIECE);
    characters += piece.length;
    weight += tokenWeight(piece);
  }
  return characters === 0 ? 0 : weight / characters;
}

/** How the conversation begins: the instructions and the first message don't change from call to call. */
function beginningOf(family: string, parts: readonly Part[]): string {
  const system = parts.find(({ role, kind }) => role === 'system' && kind === 'text')?.text ?? '';
  const first = parts.find(({ role, kind }) => role === 'user' && kind === 'text')?.text ?? '';
  const text = `${family}\n${system.length} ${system.slice(0, BEGINNING_CHARACTERS)}\n${first.slice(0, BEGINNING_CHARACTERS)}`;
  return hash('sha256', text, 'base64');
}

function firstOutput({ operation, stream, maxOutputTokens }: ExchangeRequest): number {
  if (operation !== 'generate') return 0;
  if (!stream) return Math.min(maxOutputTokens ?? UNSTREAMED_OUTPUT_TOKENS, UNSTREAMED_OUTPUT_TOKENS);
  const most = maxOutputTokens ?? USUAL_MAX_OUTPUT_TOKENS;
  return Math.min(most, Math.max(MIN_OUTPUT_TOKENS, Math.ceil(most * OUTPUT_SHARE)));
}

import type { AttachmentContent, OpenedFile } from './attachment.ts';
import type { Tokens } from './units.ts';

/** Wire formats the agent reads and writes. */
export type DialectId =
  | 'openai-chat'
  | 'openai-responses'
  | 'anthropic-messages'
  | 'gemini'
  | 'openai-embeddings'
  | 'opaque';

/**
 * What a call does, whatever its wire format. `control` is the app's own housekeeping on an AI host (settings,
 * telemetry, model lists): it carries no prompt. `prewarm` opens a session without a prompt (Codex).
 */
export type Operation = 'generate' | 'count-tokens' | 'embed' | 'prewarm' | 'control' | 'unknown';

export type Role = 'system' | 'user' | 'assistant' | 'tool';

export type PartKind =
  | 'text'
  | 'thinking'
  | 'tool-call'
  | 'tool-result'
  | 'tool-definition'
  | 'image'
  | 'file'
  | 'audio'
  | 'unknown';

/** One piece of a request: a text, an image, a tool call. Text-bearing parts carry the string to scan. */
export interface Part {
  readonly kind: PartKind;
  readonly role: Role;
  /** RFC 6901 pointer, into the decoded JSON body, of the string (text, base64 data) this part stands for. */
  readonly pointer: string;
  /** What detectors read. Absent for parts without text (images, unknown). */
  readonly text: string | undefined;
  /** False where the provider signs or encrypts the string, so that an edit would break the call. */
  readonly editable: boolean;
  /** Of images, files and audio. */
  readonly mediaType?: string;
  readonly fileName?: string;
  /** Decoded size of an attachment, or an estimate from its base64 length. */
  readonly bytes?: number;
  /** Of tool calls, results and definitions. */
  readonly toolName?: string;
  /** The text is JSON source (the arguments of an OpenAI tool call): its strings are escaped. */
  readonly json?: true;
  /** The text that this one spells out. What stands in both is found there, where it can be edited. */
  readonly spells?: string;
  /** The bytes of an attachment, until it has been opened. */
  readonly content?: AttachmentContent;
  /** What opening it showed. */
  readonly file?: FileFacts;
  /** Of a part that was taken out of another (a file in an archive, base64 in a text): that one's pointer. */
  readonly within?: string;
}

export type FileFacts = Omit<OpenedFile, 'text' | 'name'>;

export interface ExchangeRequest {
  readonly dialect: DialectId;
  readonly operation: Operation;
  /** As the caller wrote it; undefined where the body names none. */
  readonly model: string | undefined;
  /** True if the caller expects a streamed answer (SSE, NDJSON or WebSocket). */
  readonly stream: boolean;
  readonly parts: readonly Part[];
  /** Names of the tools offered to the model. */
  readonly tools: readonly string[];
  readonly maxOutputTokens: Tokens | undefined;
}

/** Token counts as reported; each undefined where the provider said nothing. No double counting: see each field. */
export interface Usage {
  /** All input tokens, including cached ones. */
  readonly inputTokens: Tokens | undefined;
  /** Of `inputTokens`, those read from the provider's cache. */
  readonly cacheReadTokens: Tokens | undefined;
  /** Of `inputTokens`, those written to the provider's cache (5-minute and unspecified lifetimes). */
  readonly cacheWriteTokens: Tokens | undefined;
  /** Of `inputTokens`, those written with a one-hour lifetime (Anthropic). */
  readonly cacheWrite1hTokens: Tokens | undefined;
  /** All output tokens, including reasoning. */
  readonly outputTokens: Tokens | undefined;
  /** Of `outputTokens`, the reasoning (thinking) share. */
  readonly reasoningTokens: Tokens | undefined;
  readonly inputAudioTokens: Tokens | undefined;
  readonly outputAudioTokens: Tokens | undefined;
  /** Of `inputTokens`, pictures, where the provider counts them apart. */
  readonly inputImageTokens?: Tokens | undefined;
  /** Of `outputTokens`, pictures that the model made. */
  readonly outputImageTokens?: Tokens | undefined;
  /** Searches that the provider made for the model, charged apart. */
  readonly webSearches?: number | undefined;
  /** The provider's name of how the call was served: `flex`, `priority`, `batch` cost other prices. */
  readonly serviceTier?: string | undefined;
  /** The provider's usage object, untouched. */
  readonly raw: unknown;
}

export type FinishReason =
  | 'stop'
  | 'length'
  | 'tool-calls'
  | 'content-filter'
  | 'refusal'
  | 'pause'
  | 'error'
  | 'other';

/** What a response says, in order. `pointer` locates the text inside the frame it came in, for edits. */
export type ExchangeEvent =
  | { readonly type: 'start'; readonly model: string | undefined; readonly responseId: string | undefined }
  | {
      readonly type: 'text';
      readonly kind: 'text' | 'thinking' | 'refusal' | 'tool-call' | 'tool-result';
      /** Text of one channel is continuous: a finding can span its deltas but not two channels. */
      readonly channel: string;
      readonly text: string;
      readonly pointer: string;
      readonly editable: boolean;
      /** A delta extends the channel; a `snapshot` repeats text already sent as deltas (`…done`, `response.completed`). */
      readonly form: 'delta' | 'snapshot';
      readonly toolName?: string;
      /** The channel's text is JSON source: what is put into it has to be escaped. */
      readonly json?: true;
    }
  /** No more deltas will come on this channel; held-back text can be released. */
  | { readonly type: 'channel-end'; readonly channel: string }
  | { readonly type: 'usage'; readonly usage: Usage; readonly final: boolean }
  | { readonly type: 'end'; readonly reason: FinishReason; readonly rawReason: string | undefined }
  | { readonly type: 'error'; readonly message: string; readonly rawType: string | undefined }
  | { readonly type: 'unknown'; readonly name: string };

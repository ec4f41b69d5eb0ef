/**
 * Recognise turns wire formats into the agent's words and back: bodies and streams into parts and events, refusals into
 * each provider's own error shape, edits into patched bytes. Pure: it knows no socket, no policy and no clock. Which
 * host speaks which dialect is the catalogue's business.
 */

import type { Dialect } from '../core/dialect.ts';
import type { DialectId } from '../core/exchange.ts';
import { anthropicMessages } from './dialects/anthropic-messages/dialect.ts';
import { gemini } from './dialects/gemini/dialect.ts';
import { openaiChat } from './dialects/openai-chat/dialect.ts';
import { openaiEmbeddings } from './dialects/openai-embeddings/dialect.ts';
import { openaiResponses } from './dialects/openai-responses/dialect.ts';

const DIALECTS: ReadonlyMap<DialectId, Dialect> = new Map(
  [openaiChat, openaiResponses, anthropicMessages, gemini, openaiEmbeddings].map((dialect) => [
    dialect.id,
    dialect,
  ]),
);

/** The reader of a wire format; undefined for `opaque`, which nobody can read. */
export const dialectById = (id: DialectId): Dialect | undefined => DIALECTS.get(id);

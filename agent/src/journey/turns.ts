/**
 * A turn is what an app does on its own after a person has spoken: the call with the person's words, then one call per
 * round of tool results. All of it takes the way that its first call took, so that a policy push or another key doesn't
 * send half of a running loop elsewhere. Rules on content and refusals are always those in force now.
 */
import { createHash } from 'node:crypto';
import { headerValue, type RawHeaders } from '../core/connection.ts';
import type { Mode } from '../core/decision.ts';
import type { ExchangeRequest, Part } from '../core/exchange.ts';
import type { VirtualKey } from '../core/identity.ts';

/** A loop whose tools take longer than this begins anew. */
const IDLE_MS = 15 * 60_000;
const MAX_TURNS = 2_000;

export interface TurnRoute {
  readonly mode: Extract<Mode, 'gateway' | 'passthrough' | 'direct'>;
  readonly key: VirtualKey | undefined;
}

export interface Turn {
  /** No text of the conversation, only a digest. */
  readonly id: string;
  /** Brings back what tools answered; a call with new words of a person begins a turn. */
  readonly continues: boolean;
}

/** Headers by which apps tell conversations apart. */
const CONVERSATION = [
  'x-claude-code-session-id',
  'session-id',
  'session_id',
  'x-session-id',
  'conversation_id',
  'x-interaction-id',
  'x-client-session-id',
  'thread-id',
];
/** OpenAI Responses: the conversation so far stays with the provider, so the loop is known by its last answer. */
const PREVIOUS = /"previous_response_id"\s*:\s*"([\w-]{1,128})"/;

export function turnOf(
  headers: RawHeaders,
  exchange: ExchangeRequest,
  caller: { readonly app: string; readonly service: string },
  body: () => string,
): Turn {
  const continues = bringsToolResults(exchange.parts);
  const previous = exchange.dialect === 'openai-responses' ? PREVIOUS.exec(body())?.[1] : undefined;
  if (previous !== undefined) return { id: answerId(previous), continues };
  const session = CONVERSATION.map((name) => headerValue(headers, name)).find((value) => value !== undefined);
  const first = exchange.parts.find(({ role, text }) => role === 'user' && text !== undefined)?.text;
  const digest = createHash('sha256');
  for (const part of [caller.app, caller.service, session ?? '', first ?? ''])
    digest.update(part).update('\0');
  return { id: digest.digest('base64url'), continues };
}

export const answerId = (responseId: string): string => `answer ${responseId}`;

/** True if something a tool said has come in since the model spoke last. */
function bringsToolResults(parts: readonly Part[]): boolean {
  for (const { kind, role } of parts.toReversed()) {
    if (kind === 'tool-result' || role === 'tool') return true;
    if (role === 'assistant' || kind === 'tool-call') return false;
  }
  return false;
}

export class Turns {
  readonly #routes = new Map<string, { readonly route: TurnRoute; atMs: number }>();

  /** The way that this turn took so far. */
  routeOf({ id, continues }: Turn, nowMs: number): TurnRoute | undefined {
    const known = continues ? this.#routes.get(id) : undefined;
    if (known === undefined || Math.abs(nowMs - known.atMs) > IDLE_MS) return undefined;
    known.atMs = nowMs;
    return known.route;
  }

  took(id: string, route: TurnRoute, nowMs: number): void {
    // Insertion order is age: the oldest go first.
    this.#routes.delete(id);
    this.#routes.set(id, { route, atMs: nowMs });
    for (const oldest of this.#routes.keys()) {
      if (this.#routes.size <= MAX_TURNS) break;
      this.#routes.delete(oldest);
    }
  }

  /** A key that the gateway refuses keeps no turn. */
  forgetKey(secret: string): void {
    for (const [id, { route }] of this.#routes) {
      if (route.key?.secret === secret) this.#routes.delete(id);
    }
  }
}

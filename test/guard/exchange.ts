import type { ExchangeRequest, Part } from '../../agent/src/core/exchange.ts';
import { partOf } from '../kit/decide.ts';

/** A request with these parts; what isn't given is an ordinary message. */
export const exchangeOf = (parts: readonly Partial<Part>[]): ExchangeRequest => ({
  dialect: 'anthropic-messages',
  operation: 'generate',
  model: 'claude-opus-5',
  stream: false,
  parts: parts.map(partOf),
  tools: [],
  maxOutputTokens: undefined,
});

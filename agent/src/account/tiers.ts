/**
 * Service tiers: the same model at another price, for more or less haste. The price list has one price per model, so
 * the factor is ours: half for batch and flex on the pages of OpenAI, Anthropic and Google
 * (https://platform.openai.com/docs/pricing, https://platform.claude.com/docs/en/about-claude/pricing#batch-processing,
 * https://ai.google.dev/gemini-api/docs/pricing). OpenAI's priority costs 1.7 to 2.5 times, by model: double is near,
 * and marked as an estimate. Anthropic's priority tier is bought in advance, at the price of its tokens.
 */
import { providerOf } from './providers.ts';

interface Tier {
  readonly factor: number;
  readonly estimated: boolean;
}

const STANDARD: Tier = { factor: 1, estimated: false };
const HALF: Tier = { factor: 0.5, estimated: false };
const PRIORITY: Tier = { factor: 2, estimated: true };
/** Where `priority` is a price, not a contract. */
const PRICED_PRIORITY: ReadonlySet<string> = new Set(['openai', 'azure']);

/** `own`: the organisation's factors, which win. */
export function tierOf(
  service: string,
  name: string | undefined,
  own: Readonly<Record<string, number>> | undefined,
): Tier {
  if (name === undefined) return STANDARD;
  const factor = own?.[name];
  if (factor !== undefined) return { factor, estimated: false };
  if (name === 'flex' || name === 'batch') return HALF;
  return name === 'priority' && PRICED_PRIORITY.has(providerOf(service)) ? PRIORITY : STANDARD;
}

/** Names a model may also be known by, and its nearest relative when the price list doesn't have it. */
import type { MatchLogic, ModelInfo } from '@pydantic/genai-prices';

/** How many leading name parts a relative must share: `claude-opus` is a family, `claude` or `gpt` is not. */
const FAMILY_PARTS = 2;

export interface Spelling {
  readonly name: string;
  /** False if a date or stage was cut off: what then matches may be an earlier or later model. */
  readonly sameModel: boolean;
}

/**
 * The same model under other spellings, most exact first: Bedrock's `us.anthropic.claude-…-v1:0`, Vertex'
 * `claude-…@20250514`, Gemini's `models/…`, a router's `vendor/model`, a fine-tune's `ft:base:org::id`.
 */
export function spellings(model: string): readonly Spelling[] {
  const name = model.toLowerCase().trim();
  // A fine-tune has a price of its own; where the list lacks it, the base model's is near.
  const fineTuned = name.startsWith('ft:');
  const bare = name
    .replace(/^ft:([^:]+).*$/, '$1')
    .replace(/^.*\//, '')
    .replace(/^(?:us|eu|apac|au|jp|global)\.(?=[a-z])/, '')
    .replace(/^(?:anthropic|amazon|meta|mistral|cohere|deepseek|openai|qwen|google)\./, '')
    .replace(/-v\d+(?::\d+)?$/, '')
    .replace('@', '-');
  const undated = bare
    .replace(/[-_](?:20\d{2}-?\d{2}-?\d{2}|\d{4})$/, '')
    .replace(/-(?:latest|preview|exp|experimental|beta)$/, '');
  const all = [name, bare, undated].map((spelling, index) => ({
    name: spelling,
    sameModel: index === 0 || (index === 1 && !fineTuned),
  }));
  return all.filter(
    (one, index) => one.name !== '' && all.findIndex(({ name: n }) => n === one.name) === index,
  );
}

/** Dates, stages and cloud versions that providers append to the name of one and the same model. */
const RELEASE_SUFFIX =
  /^(?:[-@:_.]?(?:latest|preview|exp|v\d+(?::\d+)?|\d{4}-\d{2}-\d{2}|\d{8}|\d{2}-\d{2}|\d{3,4}))*$/;

/**
 * Whether the list means this very model, and did not just match its beginning: `gpt-4o-mini-2099` is listed,
 * `claude-sonnet-5-turbo` only begins like something that is.
 */
export function meansExactly(match: MatchLogic, model: string): boolean {
  const name = model.toLowerCase();
  if ('or' in match) return match.or.some((one) => meansExactly(one, name));
  if ('and' in match) return match.and.some((one) => meansExactly(one, name));
  if ('equals' in match) return match.equals.toLowerCase() === name;
  if ('regex' in match) {
    // A look-ahead alone excludes names; it doesn't name one.
    return match.regex.startsWith('^') && !match.regex.includes('(?') && new RegExp(match.regex).test(name);
  }
  const known = 'starts_with' in match ? match.starts_with : 'contains' in match ? match.contains : undefined;
  const at = known === undefined ? -1 : name.indexOf(known.toLowerCase());
  return known !== undefined && at >= 0 && RELEASE_SUFFIX.test(name.slice(at + known.length));
}

/**
 * The listed model of the same family with the longest common beginning; of equals, the newest version by number.
 * Undefined if nothing shares the family.
 */
export function nearestRelative(model: string, models: readonly ModelInfo[]): ModelInfo | undefined {
  const wanted = parts(model);
  let best: { readonly model: ModelInfo; readonly shared: number } | undefined;
  for (const candidate of models) {
    const shared = sharedParts(wanted, parts(candidate.id));
    if (shared < FAMILY_PARTS) continue;
    if (
      best === undefined ||
      shared > best.shared ||
      (shared === best.shared && newer(candidate, best.model))
    ) {
      best = { model: candidate, shared };
    }
  }
  return best?.model;
}

const parts = (name: string): readonly string[] => name.toLowerCase().split(/[-._:@/]/);

function sharedParts(a: readonly string[], b: readonly string[]): number {
  let shared = 0;
  while (shared < a.length && a[shared] === b[shared]) shared++;
  return shared;
}

const newer = (a: ModelInfo, b: ModelInfo): boolean =>
  a.id.localeCompare(b.id, 'en', { numeric: true, sensitivity: 'base' }) > 0;

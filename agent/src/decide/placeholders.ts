import { maskFor } from '../core/placeholder.ts';
import type { RequestContext } from './evaluation.ts';
import type { Stretch } from './redaction.ts';

/** Longer ones are masked for good: a vault of whole documents would grow without bound. */
const MAX_VALUE_CHARS = 4096;

/** What takes the place of a stretch of this request: a mask, or a word that the vault can turn back. */
export function placeholders({ exchange, location, vault }: RequestContext): (stretch: Stretch) => string {
  let texts: Map<string, { readonly text: string; readonly json: boolean }> | undefined;
  return ({ place, start, end, named, reversible, restoreInToolCalls }) => {
    if (!reversible || vault === undefined || end - start > MAX_VALUE_CHARS) return maskFor(named.kind);
    texts ??= new Map(
      exchange.parts.map(({ pointer, text = '', json = false }) => [pointer, { text, json }]),
    );
    const part = texts.get(place);
    if (part === undefined) return maskFor(named.kind);
    const raw = part.text.slice(start, end);
    const value = part.json ? unescaped(raw) : raw;
    if (value === undefined) return maskFor(named.kind);
    return vault.placeholderFor(location.service.id, { kind: named.kind, value, restoreInToolCalls });
  };
}

/** A stretch of a JSON string as the text that it stands for; undefined if it isn't one whole piece of a string. */
function unescaped(source: string): string | undefined {
  if (!source.includes('\\') && !source.includes('"')) return source;
  try {
    return JSON.parse(`"${source}"`) as string;
  } catch {
    return undefined;
  }
}

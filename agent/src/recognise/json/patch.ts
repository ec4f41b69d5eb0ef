import { isUtf8 } from 'node:buffer';
import { RecogniseError } from '../errors.ts';
import { patchLiteral, type RangeEdit } from './literal.ts';
import { pointerTokens } from './pointer.ts';
import { JsonScanner } from './scanner.ts';

/** Replace [start, end) (UTF-16 code units) of the decoded string at `pointer` (RFC 6901). */
export interface StringEdit extends RangeEdit {
  readonly pointer: string;
}

/** One node of the tree of all pointers that are edited, so that one pass over the source serves every edit. */
interface Target {
  readonly children: Map<string, Target>;
  readonly edits: StringEdit[];
  /** Where its string literal stands in the source, quotes excluded. A later duplicate key overwrites it. */
  contentStart: number;
  contentEnd: number;
}

const newTarget = (): Target => ({ children: new Map(), edits: [], contentStart: -1, contentEnd: -1 });

/**
 * Applies edits to strings of a JSON text and leaves everything else byte for byte: spacing, key order, spelling of
 * numbers, unknown fields. Of duplicate keys the last one is meant, as JSON.parse reads them.
 * Throws RecogniseError `patch-*`; then nothing was changed.
 */
export function patchJsonStrings(source: string, edits: readonly StringEdit[]): string {
  if (edits.length === 0) return source;
  const { root, targets } = plant(edits);
  const scanner = new JsonScanner(source);
  locate(scanner, root);
  for (const target of targets) {
    if (target.contentStart < 0) {
      throw new RecogniseError('patch-no-string', `There is no string at ${target.edits[0]?.pointer}.`);
    }
  }
  targets.sort((a, b) => a.contentStart - b.contentStart);
  let out = '';
  let at = 0;
  for (const target of targets) {
    out += source.slice(at, target.contentStart);
    out += patchLiteral(source.slice(target.contentStart, target.contentEnd), target.edits);
    at = target.contentEnd;
  }
  return out + source.slice(at);
}

/** The same for a UTF-8 body, as it was received. */
export function patchJsonBytes(body: Uint8Array, edits: readonly StringEdit[]): Uint8Array {
  if (edits.length === 0) return body;
  // RFC 8259 section 8.1. Decoding anything else would replace bytes that no edit named.
  if (!isUtf8(body)) throw new RecogniseError('patch-not-utf8', 'The body is not UTF-8.');
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  return Buffer.from(patchJsonStrings(text, edits), 'utf8');
}

function plant(edits: readonly StringEdit[]): { root: Target; targets: Target[] } {
  const root = newTarget();
  const targets: Target[] = [];
  for (const edit of edits) {
    let node = root;
    for (const token of pointerTokens(edit.pointer)) {
      let child = node.children.get(token);
      if (child === undefined) {
        child = newTarget();
        node.children.set(token, child);
      }
      node = child;
    }
    if (node.edits.length === 0) targets.push(node);
    node.edits.push(edit);
  }
  return { root, targets };
}

/** Reads the value under the scanner and notes where the targets' literals are. As deep as the longest pointer. */
function locate(scanner: JsonScanner, target: Target): void {
  scanner.skipSpace();
  const opening = scanner.peek();
  if (opening === '"' && target.edits.length > 0) {
    target.contentStart = scanner.at + 1;
    scanner.skipString();
    target.contentEnd = scanner.at - 1;
  } else if (opening === '{' && target.children.size > 0) locateMembers(scanner, target);
  else if (opening === '[' && target.children.size > 0) locateElements(scanner, target);
  else scanner.skipValue();
}

function locateMembers(scanner: JsonScanner, target: Target): void {
  scanner.expect('{');
  if (scanner.accept('}')) return;
  do {
    const child = target.children.get(scanner.readKey());
    scanner.expect(':');
    if (child === undefined) scanner.skipValue();
    else {
      forget(child);
      locate(scanner, child);
    }
  } while (scanner.accept(','));
  scanner.expect('}');
}

function locateElements(scanner: JsonScanner, target: Target): void {
  scanner.expect('[');
  if (scanner.accept(']')) return;
  let index = 0;
  do {
    const child = target.children.get(String(index));
    if (child === undefined) scanner.skipValue();
    else locate(scanner, child);
    index++;
  } while (scanner.accept(','));
  scanner.expect(']');
}

/** A duplicate key replaces the earlier value as a whole. */
function forget(target: Target): void {
  target.contentStart = -1;
  target.contentEnd = -1;
  for (const child of target.children.values()) forget(child);
}

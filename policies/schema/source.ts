import { type Document, isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { type Fault, fieldName, type Problem } from './problem.ts';

/** Larger documents are refused unread: a policy of a thousand rules is about 200 KB. */
const MAX_POLICY_BYTES = 1_048_576;
/** Anchors repeated inside anchors grow exponentially; a policy has no use for more than a few. */
const MAX_ALIASES = 100;

/** A policy document's text with the means to say where in it a value stands. */
export interface PolicySource {
  readonly file: string;
  /** Faults as problems with line and column, in the order of the text, each once. */
  place(faults: readonly Fault[]): readonly Problem[];
}

export type ReadSource =
  | { readonly ok: true; readonly data: unknown; readonly source: PolicySource }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads YAML 1.2 (core schema) or JSON, which is a part of it. Custom tags, duplicate keys and alias bombs are refused. */
export function readSource(text: string, file: string): ReadSource {
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) {
    return refuse(file, 1, 1, 'This document is larger than 1 MB.', 'Split it, or remove what is generated.');
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
    strict: true,
    uniqueKeys: true,
    prettyErrors: false,
    customTags: null,
  });
  const complaints = [...document.errors, ...document.warnings];
  if (complaints.length > 0) {
    const problems = complaints.map(({ pos, message, code }) => {
      const { line, col } = lines.linePos(pos[0]);
      return {
        file,
        line: line || 1,
        column: col || 1,
        field: '',
        message: sentence(message),
        mend: mendSyntax(code),
      };
    });
    return { ok: false, problems };
  }
  const source: PolicySource = { file, place: (faults) => placeFaults(faults, document, lines, file) };
  try {
    return { ok: true, data: document.toJS({ maxAliasCount: MAX_ALIASES }), source };
  } catch (error) {
    const message = sentence(error instanceof Error ? error.message : String(error));
    return refuse(file, 1, 1, message, 'Write repeated parts out instead of using anchors and aliases.');
  }
}

function refuse(file: string, line: number, column: number, message: string, mend: string): ReadSource {
  return { ok: false, problems: [{ file, line, column, field: '', message, mend }] };
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

function mendSyntax(code: string): string {
  if (code === 'DUPLICATE_KEY') return 'Keep one of the two; YAML would silently use the last.';
  if (code === 'TAG_RESOLVE_FAILED') return 'Remove the tag (the word with an exclamation mark).';
  if (code === 'TAB_AS_INDENT') return 'Indent with spaces.';
  if (code === 'MULTIPLE_DOCS') return 'Keep one document per file.';
  if (code === 'BAD_INDENT') return 'Give entries of one list or section the same indent.';
  return 'Check the YAML at this place: indent, colons, quotes and brackets.';
}

function placeFaults(
  faults: readonly Fault[],
  document: Document,
  lines: LineCounter,
  file: string,
): Problem[] {
  const seen = new Set<string>();
  return faults
    .map((fault) => ({ fault, offset: offsetOf(document, fault) }))
    .sort((a, b) => a.offset - b.offset)
    .filter(({ fault, offset }) => {
      const key = `${offset} ${fault.message}`;
      return seen.has(key) ? false : seen.add(key);
    })
    .map(({ fault, offset }) => {
      const { line, col } = lines.linePos(offset);
      const { path, message, mend } = fault;
      return { file, line: line || 1, column: col || 1, field: fieldName(path), message, mend };
    });
}

/** Offset of the value at `path`; of its key if the last step is a key; of the nearest thing that exists otherwise. */
function offsetOf(document: Document, { path, atKey }: Fault): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [index, step] of path.entries()) {
    if (!isMap(node)) {
      const child: unknown = document.getIn(path.slice(0, index + 1), true);
      if (!isNode(child)) return offset;
      node = child;
      offset = child.range?.[0] ?? offset;
      continue;
    }
    const pair = node.items.find(
      (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
    );
    if (pair === undefined || !isNode(pair.key)) return offset;
    offset = pair.key.range?.[0] ?? offset;
    if (!isNode(pair.value)) return offset;
    node = pair.value;
    // A scalar's own place is more useful than its key's; a section's is its key.
    if (isScalar(node) && index === path.length - 1 && !atKey) offset = node.range?.[0] ?? offset;
  }
  return offset;
}

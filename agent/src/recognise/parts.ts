import { DialectError } from '../core/dialect.ts';
import type { Part, PartKind, Role } from '../core/exchange.ts';
import { type AttachmentFacts, dataUrlFacts } from './attachment.ts';
import { asidePointer, childPointer } from './json/pointer.ts';
import { isLongName, visitStrings } from './json/strings.ts';
import type { JsonRecord } from './json/values.ts';
import { spelledOut } from './spelled-out.ts';

export interface StringOptions {
  readonly toolName?: string | undefined;
  /** False where the provider signs the content. */
  readonly editable?: boolean;
  /** The text is JSON source. */
  readonly json?: true | undefined;
  /** Members that hold no prose: ids, signatures, ciphertext. */
  readonly skip?: ReadonlySet<string>;
}

export interface AttachmentOptions {
  readonly fileName?: string | undefined;
}

/** Members of a JSON Schema that are grammar, not somebody's words. */
const SCHEMA_GRAMMAR: ReadonlySet<string> = new Set(['type', '$schema', '$ref', 'format', 'required']);

const MIN_REST_CHARS = 8;
/** Members that hold ids, or a credential that the provider is meant to use. */
const NO_WORDS: ReadonlySet<string> = new Set([
  'type',
  'id',
  'user_id',
  'authorization_token',
  'authorization',
  'headers',
]);

/** A request of 64 MB that is made of nothing but small texts has more; no real one comes near. */
export const MAX_PARTS = 200_000;

/** The part's text with its escaped characters undone, if it has any: for detectors, not for edits. */
export function spelledBeside({ kind, role, pointer, text, toolName }: Part): Part | undefined {
  const spelled = text === undefined ? undefined : spelledOut(text);
  if (text === undefined || spelled === undefined) return undefined;
  const named = toolName === undefined ? {} : { toolName };
  return {
    kind,
    role,
    pointer: asidePointer(pointer),
    text: spelled,
    editable: false,
    spells: text,
    ...named,
  };
}

/** Collects the parts of one request, in the order of the body. */
export class PartCollector {
  readonly parts: Part[] = [];
  readonly tools: string[] = [];

  #add(part: Part): void {
    if (this.parts.length >= MAX_PARTS) {
      throw new DialectError('too-many', `The call holds more than ${MAX_PARTS} texts.`);
    }
    this.parts.push(part);
    const beside = spelledBeside(part);
    if (beside !== undefined) this.parts.push(beside);
  }

  text(kind: PartKind, role: Role, pointer: string, text: unknown, options?: StringOptions): void {
    if (typeof text !== 'string' || text === '') return;
    const editable = options?.editable ?? true;
    const toolName = options?.toolName;
    const part = { kind, role, pointer, text, editable };
    if (toolName === undefined && options?.json === undefined) this.#add(part);
    else {
      this.#add({
        ...part,
        ...(toolName !== undefined && { toolName }),
        ...(options?.json && { json: true }),
      });
    }
  }

  /** A part that is none of the kinds below. */
  other(part: Part): void {
    this.#add(part);
  }

  /**
   * What stands beside the members that a reader knows: newer settings may carry words too. Short strings are names
   * and flags, and hold no credential.
   */
  rest(role: Role, pointer: string, record: JsonRecord, known: ReadonlySet<string>): void {
    for (const key of Object.keys(record)) {
      const value = record[key];
      if (known.has(key)) continue;
      if (isLongName(key)) {
        this.text('unknown', role, asidePointer(childPointer(pointer, key)), key, { editable: false });
      }
      if (typeof value !== 'string' && typeof value !== 'object') continue;
      if (typeof value === 'string' && value.length < MIN_REST_CHARS) continue;
      const options = { editable: false, skip: NO_WORDS };
      this.strings('unknown', role, childPointer(pointer, key), value, options);
    }
  }

  /** Every string inside a structured value: tool arguments, structured results. */
  strings(kind: PartKind, role: Role, pointer: string, value: unknown, options?: StringOptions): void {
    if (typeof value === 'string') {
      this.text(kind, role, pointer, value, options);
      return;
    }
    // A structure is parsed already: its strings are no JSON source.
    const forValues = { ...options, json: undefined };
    const forKeys = { ...forValues, editable: false };
    const visit = (text: string, place: string, isKey: boolean): void =>
      this.text(kind, role, place, text, isKey ? forKeys : forValues);
    if (!visitStrings(value, pointer, visit, options?.skip)) {
      throw new DialectError('too-deep', `The value at ${pointer} is nested too deeply to be checked.`);
    }
  }

  /** A tool offered to the model: its name, and the words of its description and schema. */
  toolDefinition(pointer: string, name: string | undefined, definition: unknown): void {
    if (name !== undefined) this.tools.push(name);
    this.strings('tool-definition', 'system', pointer, definition, {
      toolName: name,
      skip: SCHEMA_GRAMMAR,
    });
  }

  /** An image, file or audio whose string (base64, URL, id) stands at `pointer`. */
  attachment(
    kind: 'image' | 'file' | 'audio',
    role: Role,
    pointer: string,
    facts: AttachmentFacts,
    options?: AttachmentOptions,
  ): void {
    this.#add({
      kind,
      role,
      pointer,
      text: facts.text,
      // The text is decoded from base64: its offsets aren't the string's.
      editable: false,
      ...(facts.mediaType !== undefined && { mediaType: facts.mediaType }),
      ...(options?.fileName !== undefined && { fileName: options.fileName }),
      ...(facts.bytes !== undefined && { bytes: facts.bytes }),
      ...(facts.content !== undefined && { content: facts.content }),
    });
  }

  /** An attachment given as a URL: a data URL is read, any other is itself text that leaves the device. */
  attachmentUrl(
    kind: 'image' | 'file' | 'audio',
    role: Role,
    pointer: string,
    url: unknown,
    options?: AttachmentOptions,
  ): void {
    if (typeof url !== 'string' || url === '') return;
    const facts = dataUrlFacts(url);
    if (facts !== undefined) this.attachment(kind, role, pointer, facts, options);
    else {
      this.#add({
        kind,
        role,
        pointer,
        text: url,
        editable: true,
        ...(options?.fileName !== undefined && { fileName: options.fileName }),
      });
    }
  }

  /** Something newer than this dialect. Its strings are shown to detectors all the same, but not edited. */
  unknown(role: Role, pointer: string, value: unknown): void {
    // A number or a flag says nothing.
    if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) return;
    this.#add({ kind: 'unknown', role, pointer, text: undefined, editable: false });
    this.strings('unknown', role, pointer, value, { editable: false });
  }
}

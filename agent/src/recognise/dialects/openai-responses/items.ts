import type { Role } from '../../../core/exchange.ts';
import { asArray, asRecord, asString, type JsonRecord } from '../../json/values.ts';

type ItemKind = 'text' | 'refusal' | 'thinking' | 'tool-call' | 'tool-result';

export interface ItemOptions {
  readonly toolName?: string | undefined;
  readonly editable?: boolean;
  readonly skip?: ReadonlySet<string>;
  /** The text is JSON source. */
  readonly json?: true | undefined;
}

/**
 * Takes what an item holds; input and output items have the same shapes. `path` is an RFC 6901 pointer within the
 * item.
 */
export interface ItemSink {
  /** A string, or a structured value whose strings all count. */
  strings(kind: ItemKind, role: Role, path: string, value: unknown, options?: ItemOptions): void;
  /** An image, file or audio; `value` is a data URL, another URL, or a file id. */
  attachment(
    kind: 'image' | 'file' | 'audio',
    role: Role,
    path: string,
    value: unknown,
    facts?: { readonly fileName?: string | undefined; readonly mediaType?: string },
  ): void;
  /** Tools that became available in the middle of a conversation. */
  tools(path: string, tools: readonly unknown[]): void;
  unknown(role: Role, path: string, value: unknown): void;
  /** Members of a part that nobody reads by name. */
  rest(role: Role, path: string, part: JsonRecord, known: ReadonlySet<string>): void;
}

const SKIPPED: ReadonlySet<string> = new Set([
  'type',
  'id',
  'call_id',
  'file_id',
  'status',
  'encrypted_content',
  'fingerprint',
]);

interface Field {
  readonly kind: ItemKind;
  readonly key: string;
}
const call = (key: string): Field => ({ kind: 'tool-call', key });
const result = (key: string): Field => ({ kind: 'tool-result', key });

/** Items whose members hold strings or structures to read; the order is that of the answer. */
const FIELDS: Readonly<Record<string, readonly Field[]>> = {
  function_call: [call('arguments')],
  custom_tool_call: [call('input')],
  mcp_call: [call('arguments'), result('output'), result('error')],
  mcp_approval_request: [call('arguments')],
  mcp_approval_response: [{ kind: 'text', key: 'reason' }],
  code_interpreter_call: [call('code'), result('outputs')],
  web_search_call: [call('action')],
  file_search_call: [call('queries'), result('results')],
  computer_call: [call('action'), call('actions')],
  local_shell_call: [call('action')],
  shell_call: [call('action')],
  apply_patch_call: [call('operation')],
  tool_search_call: [call('arguments')],
  program: [call('code')],
  program_output: [result('result')],
};

/** Items that hold no words: references, markers and ciphertext. */
const SILENT: ReadonlySet<string> = new Set([
  'compaction',
  'compaction_summary',
  'compaction_trigger',
  'configuration_update',
  'item_reference',
]);

/** Members that `readItem` reads or passes over on purpose. */
export const ITEM_MEMBERS: ReadonlySet<string> = new Set([
  ...SKIPPED,
  ...Object.values(FIELDS).flatMap((fields) => fields.map(({ key }) => key)),
  'content',
  'output',
  'summary',
  'tools',
  'revised_prompt',
  'result',
]);

/** False for items that `readItem` shows whole, as unknown. */
export function isKnownItem(item: JsonRecord): boolean {
  const type = asString(item['type']);
  if (type === undefined || type === 'message' || type === 'reasoning' || FIELDS[type] !== undefined)
    return true;
  return (
    SILENT.has(type) ||
    type.endsWith('_call_output') ||
    type === 'image_generation_call' ||
    Array.isArray(item['tools'])
  );
}

/** Reads one item. `toolNameOf` resolves a result's `call_id`. */
export function readItem(
  item: JsonRecord,
  sink: ItemSink,
  toolNameOf: (callId: string) => string | undefined,
): void {
  const type = asString(item['type']) ?? (item['content'] === undefined ? 'item_reference' : 'message');
  const fields = FIELDS[type];
  if (fields !== undefined) {
    const toolName = asString(item['name']);
    // A program carries a fingerprint of its code.
    const options = { toolName, skip: SKIPPED, editable: type !== 'program' };
    for (const { kind, key } of fields) {
      const role = kind === 'tool-result' ? 'tool' : kind === 'text' ? 'user' : 'assistant';
      const json = key === 'arguments' && typeof item[key] === 'string' ? true : undefined;
      sink.strings(kind, role, `/${key}`, item[key], { ...options, json });
    }
  } else if (type === 'message') readContent(item['content'], '/content', messageRole(item['role']), sink);
  else if (type.endsWith('_call_output')) {
    const toolName = asString(item['name']) ?? toolNameOf(asString(item['call_id']) ?? '');
    readContent(item['output'], '/output', 'tool', sink, { toolName, skip: SKIPPED });
  } else if (type === 'reasoning') readReasoning(item, sink);
  else if (type === 'image_generation_call') {
    sink.strings('tool-call', 'assistant', '/revised_prompt', item['revised_prompt']);
    const mediaType = `image/${asString(item['output_format']) ?? 'png'}`;
    sink.attachment('image', 'assistant', '/result', item['result'], { mediaType });
  } else if (Array.isArray(item['tools'])) sink.tools('/tools', item['tools']);
  else if (!SILENT.has(type)) sink.unknown('user', '', item);
}

function messageRole(role: unknown): Role {
  if (role === 'assistant' || role === 'user' || role === 'tool') return role;
  return role === 'system' || role === 'developer' ? 'system' : 'user';
}

function readReasoning(item: JsonRecord, sink: ItemSink): void {
  const options = { editable: typeof item['encrypted_content'] !== 'string' };
  for (const list of ['summary', 'content']) {
    const pieces = asArray(item[list]);
    for (let i = 0; i < pieces.length; i++) {
      sink.strings('thinking', 'assistant', `/${list}/${i}/text`, asRecord(pieces[i])?.['text'], options);
    }
  }
}

/** Message content or a tool's output: a string, a list of content parts, or one part. */
export function readContent(
  content: unknown,
  path: string,
  role: Role,
  sink: ItemSink,
  options?: ItemOptions,
): void {
  if (typeof content === 'string') sink.strings(textKind(role), role, path, content, options);
  else if (Array.isArray(content)) {
    for (let i = 0; i < content.length; i++) readPart(content[i], `${path}/${i}`, role, sink, options);
  } else if (content !== undefined && content !== null) readPart(content, path, role, sink, options);
}

const textKind = (role: Role): ItemKind => (role === 'tool' ? 'tool-result' : 'text');

const KNOWN_PARTS: ReadonlySet<string> = new Set([
  'input_text',
  'output_text',
  'text',
  'summary_text',
  'reasoning_text',
  'refusal',
  'input_image',
  'computer_screenshot',
  'input_file',
  'input_audio',
]);
const KNOWN_IN_PART: ReadonlySet<string> = new Set([
  'type',
  'text',
  'refusal',
  'image_url',
  'file_id',
  'file_data',
  'file_url',
  'filename',
  'input_audio',
  'detail',
  // Quotations of results that were read where they stand, and the text token by token.
  'annotations',
  'logprobs',
  'prompt_cache_breakpoint',
]);

function readPart(value: unknown, path: string, role: Role, sink: ItemSink, options?: ItemOptions): void {
  const part = asRecord(value);
  if (part !== undefined && KNOWN_PARTS.has(asString(part['type']) ?? '')) {
    sink.rest(role, path, part, KNOWN_IN_PART);
  }
  switch (part?.['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
    case 'reasoning_text':
      sink.strings(textKind(role), role, `${path}/text`, part['text'], options);
      return;
    case 'refusal':
      sink.strings('refusal', role, `${path}/refusal`, part['refusal'], options);
      return;
    case 'input_image':
    case 'computer_screenshot': {
      const key = part['image_url'] == null ? 'file_id' : 'image_url';
      sink.attachment('image', role, `${path}/${key}`, part[key]);
      return;
    }
    case 'input_file': {
      const fileName = asString(part['filename']);
      const key = ['file_data', 'file_url', 'file_id'].find((name) => part[name] != null) ?? 'file_id';
      sink.attachment('file', role, `${path}/${key}`, part[key], { fileName });
      return;
    }
    case 'input_audio': {
      const audio = asRecord(part['input_audio']);
      const mediaType = `audio/${asString(audio?.['format']) ?? 'wav'}`;
      sink.attachment('audio', role, `${path}/input_audio/data`, audio?.['data'], { mediaType });
      return;
    }
    default:
      if (role === 'tool') sink.strings('tool-result', role, path, value, options);
      else sink.unknown(role, path, value);
  }
}

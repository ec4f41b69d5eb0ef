import type { Role } from '../../../core/exchange.ts';
import { base64Facts, kindOfMedia } from '../../attachment.ts';
import { asRecord, asString, type JsonRecord } from '../../json/values.ts';
import type { PartCollector } from '../../parts.ts';
import { bothSpellings, member } from './names.ts';

/** `contents`, or one content, or a bare string, which SDKs and the API's REST form both have. */
export function readContents(
  value: unknown,
  pointer: string,
  parts: PartCollector,
  fallback: Role,
  nested = false,
): void {
  if (Array.isArray(value)) {
    if (nested) parts.unknown(fallback, pointer, value);
    else {
      for (let i = 0; i < value.length; i++) readContents(value[i], `${pointer}/${i}`, parts, fallback, true);
    }
    return;
  }
  if (typeof value === 'string') {
    parts.text('text', fallback, pointer, value);
    return;
  }
  const content = asRecord(value);
  if (content === undefined) return;
  const role = roleOf(content['role'], fallback);
  const list = content['parts'];
  if (Array.isArray(list)) {
    for (let i = 0; i < list.length; i++) readPart(list[i], `${pointer}/parts/${i}`, role, parts);
  } else if (list !== undefined) readPart(list, `${pointer}/parts`, role, parts);
  else {
    readPart(content, pointer, role, parts);
    return;
  }
  parts.rest(role, pointer, content, KNOWN_IN_CONTENT);
}

const KNOWN_IN_CONTENT: ReadonlySet<string> = new Set(['role', 'parts']);

function roleOf(role: unknown, fallback: Role): Role {
  if (fallback === 'system' || role === 'system') return 'system';
  if (role === 'model') return 'assistant';
  return role === 'function' ? 'tool' : 'user';
}

const RESULT_SKIPPED: ReadonlySet<string> = new Set(['id', 'name', 'outcome']);

/** A signed part must come back as it went out: https://ai.google.dev/gemini-api/docs/thought-signatures */
const isSigned = (part: JsonRecord): boolean =>
  part['thought'] === true || typeof member(part, 'thoughtSignature').value === 'string';

function readPart(value: unknown, pointer: string, role: Role, parts: PartCollector): void {
  if (typeof value === 'string') {
    parts.text('text', role, pointer, value);
    return;
  }
  const part = asRecord(value);
  if (part === undefined) {
    parts.unknown(role, pointer, value);
    return;
  }
  const editable = !isSigned(part);
  const speaks = typeof part['text'] === 'string';
  if (speaks) {
    const kind = part['thought'] === true ? 'thinking' : 'text';
    parts.text(kind, role, `${pointer}/text`, part['text'], { editable });
  }
  // One member per part is the rule; whichever of several the server would heed, all are read.
  const spoken = member(part, 'audioTranscription');
  const heard = asRecord(spoken.value) !== undefined;
  if (heard) parts.strings('text', role, `${pointer}/${spoken.key}`, spoken.value, { editable });
  const calls = readTool(part, pointer, parts, editable);
  const shows = readMedia(part, pointer, role, parts);
  if (speaks || heard || calls || shows) {
    parts.rest(role, pointer, part, KNOWN_IN_PART);
    return;
  }
  // A bare signature says nothing.
  const says = Object.keys(part).some((key) => !/^thought|metadata$|^media_?processing$/i.test(key));
  if (says) parts.unknown(role, pointer, value);
}

const KNOWN_IN_PART: ReadonlySet<string> = bothSpellings([
  'text',
  'thought',
  'thoughtSignature',
  'functionCall',
  'toolCall',
  'executableCode',
  'functionResponse',
  'toolResponse',
  'codeExecutionResult',
  'inlineData',
  'fileData',
  'videoMetadata',
  'mediaResolution',
  'mediaProcessing',
  'speechMetadata',
  'audioTranscription',
]);

function readTool(part: JsonRecord, pointer: string, parts: PartCollector, editable: boolean): boolean {
  for (const name of ['functionCall', 'toolCall', 'executableCode']) {
    const call = member(part, name);
    const record = asRecord(call.value);
    if (record === undefined) continue;
    const key = name === 'executableCode' ? 'code' : 'args';
    const toolName = asString(record['name']) ?? (name === 'executableCode' ? 'code_execution' : undefined);
    parts.strings('tool-call', 'assistant', `${pointer}/${call.key}/${key}`, record[key], {
      toolName,
      editable,
    });
    return true;
  }
  for (const name of ['functionResponse', 'toolResponse', 'codeExecutionResult']) {
    const result = member(part, name);
    const record = asRecord(result.value);
    if (record === undefined) continue;
    readResult(record, `${pointer}/${result.key}`, parts);
    return true;
  }
  return false;
}

function readResult(record: JsonRecord, pointer: string, parts: PartCollector): void {
  const toolName = asString(record['name']);
  for (const key of ['response', 'output', 'result']) {
    parts.strings('tool-result', 'tool', `${pointer}/${key}`, record[key], {
      toolName,
      skip: RESULT_SKIPPED,
    });
  }
  // Gemini 3: images and files within a function's result.
  const list = record['parts'];
  if (!Array.isArray(list)) return;
  for (let i = 0; i < list.length; i++) {
    const part = asRecord(list[i]);
    const place = `${pointer}/parts/${i}`;
    if (part === undefined || !readMedia(part, place, 'tool', parts)) parts.unknown('tool', place, list[i]);
  }
}

function readMedia(part: JsonRecord, pointer: string, role: Role, parts: PartCollector): boolean {
  const inline = member(part, 'inlineData');
  const blob = asRecord(inline.value);
  if (blob !== undefined) {
    const mediaType = asString(member(blob, 'mimeType').value);
    const fileName = asString(member(blob, 'displayName').value);
    const facts = base64Facts(mediaType, asString(blob['data']) ?? '');
    parts.attachment(kindOfMedia(mediaType), role, `${pointer}/${inline.key}/data`, facts, { fileName });
    return true;
  }
  const linked = member(part, 'fileData');
  const file = asRecord(linked.value);
  if (file === undefined) return false;
  const uri = member(file, 'fileUri');
  const kind = kindOfMedia(asString(member(file, 'mimeType').value));
  const fileName = asString(member(file, 'displayName').value);
  parts.attachmentUrl(kind, role, `${pointer}/${linked.key}/${uri.key}`, uri.value, { fileName });
  return true;
}

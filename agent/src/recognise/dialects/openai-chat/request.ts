import { DialectError } from '../../../core/dialect.ts';
import type { ExchangeRequest, Operation, Role } from '../../../core/exchange.ts';
import { base64Facts } from '../../attachment.ts';
import { asArray, asRecord, asString, type JsonRecord } from '../../json/values.ts';
import { modelInPath } from '../../model-in-path.ts';
import { PartCollector } from '../../parts.ts';
import { tokenCount } from '../../token-counts.ts';

export function readChatRequest(body: unknown, path: string, operation: Operation): ExchangeRequest {
  const request = asRecord(body);
  if (request === undefined || (!Array.isArray(request['messages']) && request['prompt'] === undefined)) {
    throw new DialectError('not-this-dialect', 'A chat completion has messages, or a prompt.');
  }
  const parts = new PartCollector();
  readTools(request, parts);
  readMessages(asArray(request['messages']), parts);
  readTexts('/prompt', request['prompt'], parts);
  parts.text('text', 'user', '/suffix', request['suffix']);
  // Predicted outputs: the text the answer is expected to resemble, often a whole source file.
  const prediction = asRecord(request['prediction'])?.['content'];
  readContent(prediction, '/prediction/content', 'assistant', parts);
  const format = asRecord(request['response_format'])?.['json_schema'];
  if (format !== undefined) parts.strings('text', 'system', '/response_format/json_schema', format);
  parts.rest('user', '', request, KNOWN);
  return {
    dialect: 'openai-chat',
    operation,
    model: asString(request['model']) ?? modelInPath(path),
    stream: request['stream'] === true,
    parts: parts.parts,
    tools: parts.tools,
    maxOutputTokens: tokenCount(request['max_completion_tokens']) ?? tokenCount(request['max_tokens']),
  };
}

/** Members that are read, or that hold names, ids and switches. */
const KNOWN: ReadonlySet<string> = new Set([
  'messages',
  'prompt',
  'suffix',
  'prediction',
  'response_format',
  'tools',
  'functions',
  'model',
  'tool_choice',
  'function_call',
  'service_tier',
  'modalities',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'reasoning_effort',
]);
const KNOWN_IN_MESSAGE: ReadonlySet<string> = new Set(['role', 'content', 'name', 'id', 'tool_call_id']);
const KNOWN_IN_ANSWER: ReadonlySet<string> = new Set([
  ...KNOWN_IN_MESSAGE,
  'refusal',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'tool_calls',
  'function_call',
]);
const KNOWN_IN_TEXT: ReadonlySet<string> = new Set(['type', 'text', 'cache_control']);
const KNOWN_IN_PART: ReadonlySet<string> = new Set([
  'type',
  'text',
  'cache_control',
  'image_url',
  'video_url',
  'input_audio',
  'file',
  'refusal',
]);

function readTools(request: JsonRecord, parts: PartCollector): void {
  const tools = asArray(request['tools']);
  for (let i = 0; i < tools.length; i++) {
    const tool = asRecord(tools[i]);
    const kind = tool?.['custom'] === undefined ? 'function' : 'custom';
    const definition = asRecord(tool?.[kind]);
    if (definition === undefined) {
      // Built-in tools of compatible servers: {"type": "web_search"}.
      parts.toolDefinition(`/tools/${i}`, asString(tool?.['name']) ?? asString(tool?.['type']), tools[i]);
    } else parts.toolDefinition(`/tools/${i}/${kind}`, asString(definition['name']), definition);
  }
  const functions = asArray(request['functions']);
  for (let i = 0; i < functions.length; i++) {
    parts.toolDefinition(`/functions/${i}`, asString(asRecord(functions[i])?.['name']), functions[i]);
  }
}

const ROLES: Readonly<Record<string, Role>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
};

function readMessages(messages: readonly unknown[], parts: PartCollector): void {
  const toolNames = new Map<string, string>();
  for (let i = 0; i < messages.length; i++) {
    const pointer = `/messages/${i}`;
    const message = asRecord(messages[i]);
    if (message === undefined) {
      parts.unknown('user', pointer, messages[i]);
      continue;
    }
    const role = ROLES[asString(message['role']) ?? ''] ?? 'user';
    const callId = asString(message['tool_call_id']);
    const toolName = role === 'tool' ? (asString(message['name']) ?? toolNames.get(callId ?? '')) : undefined;
    readContent(message['content'], `${pointer}/content`, role, parts, toolName);
    if (role === 'assistant') readAssistant(message, pointer, parts, toolNames);
    parts.rest(role, pointer, message, role === 'assistant' ? KNOWN_IN_ANSWER : KNOWN_IN_MESSAGE);
  }
}

function readAssistant(
  message: JsonRecord,
  pointer: string,
  parts: PartCollector,
  toolNames: Map<string, string>,
): void {
  parts.text('text', 'assistant', `${pointer}/refusal`, message['refusal']);
  // Not OpenAI's: DeepSeek, vLLM and OpenRouter hand reasoning back under these names.
  parts.text('thinking', 'assistant', `${pointer}/reasoning_content`, message['reasoning_content']);
  parts.text('thinking', 'assistant', `${pointer}/reasoning`, message['reasoning']);
  parts.strings('thinking', 'assistant', `${pointer}/reasoning_details`, message['reasoning_details'], {
    editable: false,
    skip: REASONING_SKIPPED,
  });
  const calls = asArray(message['tool_calls']);
  for (let i = 0; i < calls.length; i++)
    readToolCall(calls[i], `${pointer}/tool_calls/${i}`, parts, toolNames);
  const legacy = asRecord(message['function_call']);
  if (legacy !== undefined) {
    const toolName = asString(legacy['name']);
    parts.strings('tool-call', 'assistant', `${pointer}/function_call/arguments`, legacy['arguments'], {
      json: true,
      toolName,
    });
  }
}

const REASONING_SKIPPED: ReadonlySet<string> = new Set(['type', 'id', 'format', 'data', 'signature']);

function readToolCall(
  value: unknown,
  pointer: string,
  parts: PartCollector,
  toolNames: Map<string, string>,
): void {
  const call = asRecord(value);
  const custom = asRecord(call?.['custom']);
  const named = custom ?? asRecord(call?.['function']);
  if (call === undefined || named === undefined) {
    parts.unknown('assistant', pointer, value);
    return;
  }
  const toolName = asString(named['name']);
  const id = asString(call['id']);
  if (id !== undefined && toolName !== undefined) toolNames.set(id, toolName);
  const place = custom === undefined ? 'function/arguments' : 'custom/input';
  const text = custom === undefined ? named['arguments'] : named['input'];
  const json = custom === undefined ? true : undefined;
  parts.strings('tool-call', 'assistant', `${pointer}/${place}`, text, { toolName, json });
}

/** A string, or a list of content parts. */
function readContent(
  content: unknown,
  pointer: string,
  role: Role,
  parts: PartCollector,
  toolName?: string,
): void {
  const kind = role === 'tool' ? 'tool-result' : 'text';
  if (typeof content === 'string') {
    parts.text(kind, role, pointer, content, { toolName });
    return;
  }
  if (!Array.isArray(content)) {
    if (asRecord(content) !== undefined) parts.unknown(role, pointer, content);
    return;
  }
  for (let i = 0; i < content.length; i++) {
    const part = asRecord(content[i]);
    const place = `${pointer}/${i}`;
    if (typeof content[i] === 'string') parts.text(kind, role, place, content[i], { toolName });
    else if (typeof part?.['text'] === 'string') {
      parts.text(kind, role, `${place}/text`, part['text'], { toolName });
      parts.rest(role, place, part, KNOWN_IN_TEXT);
    } else if (part === undefined || !readMedia(part, place, role, parts)) {
      parts.unknown(role, place, content[i]);
    } else parts.rest(role, place, part, KNOWN_IN_PART);
  }
}

function readMedia(part: JsonRecord, pointer: string, role: Role, parts: PartCollector): boolean {
  switch (part['type']) {
    case 'image_url':
    case 'video_url': {
      const kind = part['type'] === 'image_url' ? 'image' : 'file';
      const holder = part[part['type']];
      // Some clients send the URL itself where the API wants {"url": …}.
      if (typeof holder === 'string') parts.attachmentUrl(kind, role, `${pointer}/${part['type']}`, holder);
      else parts.attachmentUrl(kind, role, `${pointer}/${part['type']}/url`, asRecord(holder)?.['url']);
      return true;
    }
    case 'input_audio': {
      const audio = asRecord(part['input_audio']);
      const data = asString(audio?.['data']) ?? '';
      const mediaType = `audio/${asString(audio?.['format']) ?? 'wav'}`;
      parts.attachment('audio', role, `${pointer}/input_audio/data`, base64Facts(mediaType, data));
      return true;
    }
    case 'file': {
      const file = asRecord(part['file']);
      const fileName = asString(file?.['filename']);
      if (file?.['file_data'] !== undefined) {
        parts.attachmentUrl('file', role, `${pointer}/file/file_data`, file['file_data'], { fileName });
      } else parts.attachmentUrl('file', role, `${pointer}/file/file_id`, file?.['file_id'], { fileName });
      return true;
    }
    case 'refusal':
      parts.text('text', role, `${pointer}/refusal`, part['refusal']);
      return true;
    default:
      return false;
  }
}

/** `prompt` of a legacy completion: a string, strings, or token ids, which hold no text to read. */
function readTexts(pointer: string, value: unknown, parts: PartCollector): void {
  if (value !== undefined) parts.strings('text', 'user', pointer, value);
}

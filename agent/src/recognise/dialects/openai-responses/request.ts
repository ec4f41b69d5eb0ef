import { DialectError } from '../../../core/dialect.ts';
import type { ExchangeRequest, Operation, Role } from '../../../core/exchange.ts';
import { base64Facts, dataUrlFacts } from '../../attachment.ts';
import { asArray, asRecord, asString, type JsonRecord } from '../../json/values.ts';
import { PartCollector } from '../../parts.ts';
import { tokenCount } from '../../token-counts.ts';
import { ITEM_MEMBERS, type ItemSink, isKnownItem, readContent, readItem } from './items.ts';

/** A request has at least one of these, even one that only continues a stored conversation. */
const SIGNS = ['input', 'instructions', 'prompt', 'previous_response_id', 'conversation'];

export function readResponsesRequest(body: unknown, operation: Operation): ExchangeRequest {
  const message = asRecord(body);
  if (message === undefined) throw notThisDialect();
  const frameType = asString(message['type']);
  if (frameType !== undefined && frameType !== 'response.create' && frameType !== 'response.steer') {
    return readOtherFrame(message, frameType);
  }
  // WebSocket frames carry the request's members beside `type`; some clients wrap them as the Realtime API does.
  const wrapped = frameType === undefined ? undefined : asRecord(message['response']);
  const request = wrapped ?? message;
  if (frameType === undefined && !SIGNS.some((sign) => request[sign] !== undefined)) throw notThisDialect();
  const base = wrapped === undefined ? '' : '/response';
  const parts = new PartCollector();
  readCall(request, base, parts);
  if (wrapped !== undefined) parts.rest('user', '', message, KNOWN);
  return {
    dialect: 'openai-responses',
    operation: request['generate'] === false ? 'prewarm' : operation,
    model: asString(request['model']),
    stream: frameType !== undefined || request['stream'] === true,
    parts: parts.parts,
    tools: parts.tools,
    maxOutputTokens: tokenCount(request['max_output_tokens']),
  };
}

const notThisDialect = (): DialectError =>
  new DialectError('not-this-dialect', 'A Responses call has an input, instructions or a conversation.');

/** A client frame that starts nothing we know. */
function readOtherFrame(message: JsonRecord, frameType: string): ExchangeRequest {
  const parts = new PartCollector();
  const cancels = frameType === 'response.cancel';
  if (!cancels) parts.unknown('user', '', message);
  return {
    dialect: 'openai-responses',
    operation: cancels ? 'control' : 'unknown',
    model: undefined,
    stream: true,
    parts: parts.parts,
    tools: [],
    maxOutputTokens: undefined,
  };
}

function readCall(request: JsonRecord, base: string, parts: PartCollector): void {
  const noNames = (): undefined => undefined;
  const instructions = request['instructions'];
  if (typeof instructions === 'string') parts.text('text', 'system', `${base}/instructions`, instructions);
  else readItems(asArray(instructions), `${base}/instructions`, parts);
  readTools(asArray(request['tools']), `${base}/tools`, parts);
  const format = asRecord(request['text'])?.['format'];
  if (format !== undefined) parts.strings('text', 'system', `${base}/text/format`, format, { skip: GRAMMAR });
  const variables = asRecord(asRecord(request['prompt'])?.['variables']) ?? {};
  for (const name of Object.keys(variables)) {
    const sink = new PartSink(parts, `${base}/prompt/variables`);
    readContent(variables[name], `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, 'user', sink);
  }
  const input = request['input'];
  if (typeof input === 'string') parts.text('text', 'user', `${base}/input`, input);
  else if (Array.isArray(input)) readItems(input, `${base}/input`, parts);
  else if (asRecord(input) !== undefined) {
    readItem(input as JsonRecord, new PartSink(parts, `${base}/input`), noNames);
    parts.rest('user', `${base}/input`, input as JsonRecord, KNOWN_IN_ITEM);
  }
  parts.rest('user', base, request, KNOWN);
}

/** Members that are read, or that hold names, ids and switches. */
const KNOWN: ReadonlySet<string> = new Set([
  'type',
  'response',
  'event_id',
  'stream_id',
  'instructions',
  'tools',
  'text',
  'prompt',
  'input',
  'model',
  'include',
  'conversation',
  'previous_response_id',
  'prompt_cache_key',
  'safety_identifier',
  'user',
  'reasoning',
  'service_tier',
  'truncation',
  'tool_choice',
]);
const KNOWN_IN_ITEM: ReadonlySet<string> = new Set([
  ...ITEM_MEMBERS,
  'role',
  'name',
  'namespace',
  'caller',
  'phase',
  'server_label',
  'approval_request_id',
  'execution',
]);

function readItems(items: readonly unknown[], pointer: string, parts: PartCollector): void {
  const toolNames = new Map<string, string>();
  const toolNameOf = (callId: string): string | undefined => toolNames.get(callId);
  for (let i = 0; i < items.length; i++) {
    const item = asRecord(items[i]);
    if (item === undefined) {
      if (typeof items[i] === 'string') parts.text('text', 'user', `${pointer}/${i}`, items[i]);
      else parts.unknown('user', `${pointer}/${i}`, items[i]);
      continue;
    }
    const callId = asString(item['call_id']);
    const name = asString(item['name']);
    if (callId !== undefined && name !== undefined) toolNames.set(callId, name);
    readItem(item, new PartSink(parts, `${pointer}/${i}`), toolNameOf);
    if (isKnownItem(item)) parts.rest('user', `${pointer}/${i}`, item, KNOWN_IN_ITEM);
  }
}

const KNOWN_IN_NAMESPACE: ReadonlySet<string> = new Set(['type', 'name', 'description', 'tools']);
const GRAMMAR: ReadonlySet<string> = new Set(['type', '$ref', '$schema', 'required', 'format']);
/** `headers` and `authorization` are credentials that an MCP tool hands to the provider on purpose. */
const MCP_SKIPPED: ReadonlySet<string> = new Set(['type', 'headers', 'authorization']);

function readTools(
  tools: readonly unknown[],
  pointer: string,
  parts: PartCollector,
  inNamespace = false,
): void {
  for (let i = 0; i < tools.length; i++) {
    const place = `${pointer}/${i}`;
    const tool = asRecord(tools[i]);
    const name = asString(tool?.['name']) ?? asString(tool?.['server_label']) ?? asString(tool?.['type']);
    if (tool === undefined) parts.unknown('system', place, tools[i]);
    else if (tool['type'] === 'mcp') {
      if (name !== undefined) parts.tools.push(name);
      for (const key of Object.keys(tool)) {
        if (MCP_SKIPPED.has(key)) continue;
        const member = `${place}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        parts.strings('tool-definition', 'system', member, tool[key], { toolName: name, skip: GRAMMAR });
      }
    } else if (Array.isArray(tool['tools']) && !inNamespace) {
      // A namespace: tools within a tool.
      parts.text('tool-definition', 'system', `${place}/description`, tool['description'], {
        toolName: name,
      });
      readTools(tool['tools'], `${place}/tools`, parts, true);
      parts.rest('system', place, tool, KNOWN_IN_NAMESPACE);
    } else parts.toolDefinition(place, name, tool);
  }
}

/** Turns an input item into parts. */
class PartSink implements ItemSink {
  readonly #parts: PartCollector;
  readonly #base: string;

  constructor(parts: PartCollector, base: string) {
    this.#parts = parts;
    this.#base = base;
  }

  strings(...[kind, role, path, value, options]: Parameters<ItemSink['strings']>): void {
    this.#parts.strings(kind === 'refusal' ? 'text' : kind, role, this.#base + path, value, options);
  }

  attachment(...[kind, role, path, value, facts]: Parameters<ItemSink['attachment']>): void {
    const pointer = this.#base + path;
    const isBase64 = typeof value === 'string' && facts?.mediaType !== undefined && !dataUrlFacts(value);
    if (isBase64) this.#parts.attachment(kind, role, pointer, base64Facts(facts.mediaType, value));
    else this.#parts.attachmentUrl(kind, role, pointer, value, { fileName: facts?.fileName });
  }

  tools(path: string, tools: readonly unknown[]): void {
    readTools(tools, this.#base + path, this.#parts);
  }

  unknown(role: Role, path: string, value: unknown): void {
    this.#parts.unknown(role, this.#base + path, value);
  }

  rest(...[role, path, part, known]: Parameters<ItemSink['rest']>): void {
    this.#parts.rest(role, this.#base + path, part, known);
  }
}

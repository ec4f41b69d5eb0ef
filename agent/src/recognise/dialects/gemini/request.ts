import { DialectError } from '../../../core/dialect.ts';
import type { ExchangeRequest, Operation } from '../../../core/exchange.ts';
import { asArray, asRecord, asString, type JsonRecord } from '../../json/values.ts';
import { PartCollector } from '../../parts.ts';
import { tokenCount } from '../../token-counts.ts';
import { readContents } from './contents.ts';
import { bothSpellings, member } from './names.ts';
import { readGeminiPath } from './path.ts';

export function readGeminiRequest(body: unknown, path: string, operation: Operation): ExchangeRequest {
  const message = asRecord(body);
  if (message === undefined) throw notThisDialect();
  const { model, method } = readGeminiPath(path);
  // Code Assist (cloudcode-pa) wraps the request and names the model beside it.
  const wrapped = asRecord(message['request']);
  const request = wrapped ?? message;
  const parts = new PartCollector();
  if (!readCall(request, wrapped === undefined ? '' : '/request', parts)) throw notThisDialect();
  if (wrapped !== undefined) parts.rest('user', '', message, KNOWN);
  const config = asRecord(member(request, 'generationConfig').value);
  return {
    dialect: 'gemini',
    operation,
    model: model ?? modelName(message['model']) ?? modelName(request['model']),
    stream: method?.startsWith('stream') ?? false,
    parts: parts.parts,
    tools: parts.tools,
    maxOutputTokens: tokenCount(member(config, 'maxOutputTokens').value),
  };
}

const notThisDialect = (): DialectError =>
  new DialectError('not-this-dialect', 'A Gemini call has contents, a content or requests.');

/** In bodies the model is a resource name: `models/gemini-3-pro`. */
const modelName = (value: unknown): string | undefined => asString(value)?.replace(/^.*\//, '');

/** A batch of counts of calls is as deep as it gets. */
const MAX_CALL_DEPTH = 3;

/** False if nothing in it is a Gemini call. */
function readCall(request: JsonRecord, base: string, parts: PartCollector, depth = 0): boolean {
  if (depth > MAX_CALL_DEPTH) throw new DialectError('too-deep', `The call at ${base} is nested too deeply.`);
  const inner = member(request, 'generateContentRequest');
  const nested = asRecord(inner.value);
  // countTokens can carry a whole generateContent request.
  if (nested !== undefined) return readCall(nested, `${base}/${inner.key}`, parts, depth + 1);
  const system = member(request, 'systemInstruction');
  readContents(system.value, `${base}/${system.key}`, parts, 'system');
  readTools(asArray(request['tools']), `${base}/tools`, parts);
  const config = member(request, 'generationConfig');
  for (const name of ['responseSchema', 'responseJsonSchema']) {
    const schema = member(asRecord(config.value), name);
    const place = `${base}/${config.key}/${schema.key}`;
    if (schema.value !== undefined) {
      parts.strings('text', 'system', place, schema.value, { skip: SCHEMA_GRAMMAR });
    }
  }
  readContents(request['contents'], `${base}/contents`, parts, 'user');
  readContents(request['content'], `${base}/content`, parts, 'user');
  parts.text('text', 'user', `${base}/title`, request['title']);
  const requests = asArray(request['requests']);
  for (let i = 0; i < requests.length; i++) {
    const one = asRecord(requests[i]);
    if (one === undefined || !readCall(one, `${base}/requests/${i}`, parts, depth + 1)) {
      parts.unknown('user', `${base}/requests/${i}`, requests[i]);
    }
  }
  parts.rest('user', base, request, KNOWN);
  const settings = asRecord(config.value);
  if (settings !== undefined) parts.rest('system', `${base}/${config.key}`, settings, KNOWN_IN_CONFIG);
  return ['contents', 'content', 'requests'].some((name) => request[name] !== undefined);
}

/** Members that are read, or that hold names, ids and switches; in both spellings. */
const KNOWN: ReadonlySet<string> = bothSpellings([
  'request',
  'generateContentRequest',
  'systemInstruction',
  'tools',
  'generationConfig',
  'contents',
  'content',
  'title',
  'requests',
  'model',
  'project',
  'userPromptId',
  'sessionId',
  'cachedContent',
  'taskType',
  'safetySettings',
  'toolConfig',
]);
const KNOWN_IN_CONFIG: ReadonlySet<string> = bothSpellings([
  'responseSchema',
  'responseJsonSchema',
  'responseMimeType',
  'responseModalities',
  'mediaResolution',
  'thinkingConfig',
  'speechConfig',
  'imageConfig',
]);

const SCHEMA_GRAMMAR: ReadonlySet<string> = new Set(['type', 'format', 'required', '$ref']);

function readTools(tools: readonly unknown[], pointer: string, parts: PartCollector): void {
  for (let i = 0; i < tools.length; i++) {
    const tool = asRecord(tools[i]);
    if (tool === undefined) {
      parts.unknown('system', `${pointer}/${i}`, tools[i]);
      continue;
    }
    const functions = member(tool, 'functionDeclarations');
    const declarations = asArray(functions.value);
    for (let j = 0; j < declarations.length; j++) {
      const name = asString(asRecord(declarations[j])?.['name']);
      parts.toolDefinition(`${pointer}/${i}/${functions.key}/${j}`, name, declarations[j]);
    }
    // Built-in tools are named by their member: {"googleSearch": {}}.
    for (const key of Object.keys(tool)) {
      if (key !== functions.key) parts.toolDefinition(`${pointer}/${i}/${key}`, key, tool[key]);
    }
  }
}

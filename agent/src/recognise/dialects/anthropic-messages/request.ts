import { DialectError } from '../../../core/dialect.ts';
import type { ExchangeRequest, Operation } from '../../../core/exchange.ts';
import { asArray, asRecord, asString, type JsonRecord } from '../../json/values.ts';
import { modelInPath } from '../../model-in-path.ts';
import { PartCollector } from '../../parts.ts';
import { tokenCount } from '../../token-counts.ts';
import { BlockReader } from './blocks.ts';

export function readMessagesRequest(body: unknown, path: string, operation: Operation): ExchangeRequest {
  const request = asRecord(body);
  const parts = new PartCollector();
  if (request !== undefined && Array.isArray(request['messages'])) {
    readCall(request, '', parts);
  } else if (request !== undefined && Array.isArray(request['requests'])) {
    // A batch: many calls whose answers come later, elsewhere.
    return readBatch(request['requests'], parts);
  } else throw new DialectError('not-this-dialect', 'A Messages call has messages.');
  return {
    dialect: 'anthropic-messages',
    operation,
    model: asString(request['model']) ?? modelInPath(path),
    stream: request['stream'] === true,
    parts: parts.parts,
    tools: parts.tools,
    maxOutputTokens: tokenCount(request['max_tokens']),
  };
}

function readBatch(requests: readonly unknown[], parts: PartCollector): ExchangeRequest {
  let model: string | undefined;
  for (let i = 0; i < requests.length; i++) {
    const call = asRecord(asRecord(requests[i])?.['params']);
    if (call === undefined) continue;
    model ??= asString(call['model']);
    readCall(call, `/requests/${i}/params`, parts);
  }
  return {
    dialect: 'anthropic-messages',
    operation: 'unknown',
    model,
    stream: false,
    parts: parts.parts,
    tools: parts.tools,
    maxOutputTokens: undefined,
  };
}

function readCall(request: JsonRecord, base: string, parts: PartCollector): void {
  const blocks = new BlockReader(parts);
  blocks.content(request['system'], `${base}/system`, 'system');
  const tools = asArray(request['tools']);
  for (let i = 0; i < tools.length; i++) {
    const tool = asRecord(tools[i]);
    // A toolset of a remote MCP server has no name of its own.
    const name = asString(tool?.['name']) ?? asString(tool?.['mcp_server_name']) ?? asString(tool?.['type']);
    parts.toolDefinition(`${base}/tools/${i}`, name, tools[i]);
  }
  const schema = asRecord(request['output_config'])?.['format'];
  if (schema !== undefined) parts.strings('text', 'system', `${base}/output_config/format`, schema);
  parts.rest('user', base, request, KNOWN);
  const messages = asArray(request['messages']);
  for (let i = 0; i < messages.length; i++) {
    const pointer = `${base}/messages/${i}`;
    const message = asRecord(messages[i]);
    if (message === undefined) parts.unknown('user', pointer, messages[i]);
    else {
      const role = message['role'];
      blocks.content(
        message['content'],
        `${pointer}/content`,
        role === 'assistant' || role === 'system' ? role : 'user',
      );
      parts.rest('user', pointer, message, KNOWN_IN_MESSAGE);
    }
  }
}

/** Members that are read, or that hold names, ids and switches. */
const KNOWN: ReadonlySet<string> = new Set([
  'messages',
  'system',
  'tools',
  'model',
  'thinking',
  'tool_choice',
  'service_tier',
  'inference_geo',
  'speed',
  'betas',
  'output_config',
  'thread',
  'fallback_credit_token',
  'user_profile_id',
  'workspace_id',
]);
/** Clients hand whole answers back, their bookkeeping included. */
const KNOWN_IN_MESSAGE: ReadonlySet<string> = new Set([
  'role',
  'content',
  'id',
  'type',
  'model',
  'stop_reason',
  'usage',
  'output_config',
  'clear_at',
]);

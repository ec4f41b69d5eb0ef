import type { Role } from '../../../core/exchange.ts';
import { base64Facts, kindOfMedia } from '../../attachment.ts';
import { asRecord, asString, type JsonRecord } from '../../json/values.ts';
import type { PartCollector } from '../../parts.ts';

/** Members of blocks that are ids, markers, signatures or ciphertext. */
export const NOT_PROSE: ReadonlySet<string> = new Set([
  'type',
  'id',
  'tool_use_id',
  'tool_id',
  'file_id',
  'cache_control',
  'encrypted_content',
  'encrypted_index',
  'encrypted_stdout',
  'signature',
  'caller',
  'page_age',
  'media_type',
  'retrieved_at',
]);

/** Blocks of which only some members are read by name. */
const RECORDED: ReadonlySet<string> = new Set([
  'text',
  'image',
  'document',
  'search_result',
  'thinking',
  'tool_use',
  'server_tool_use',
  'mcp_tool_use',
  'tool_result',
  'mcp_tool_result',
  'compaction',
]);
const KNOWN: ReadonlySet<string> = new Set([
  ...NOT_PROSE,
  'text',
  'citations',
  'source',
  'title',
  'context',
  'content',
  'thinking',
  'name',
  'input',
  'server_name',
  'toolset_name',
  'tool_changes',
]);

/** Nesting of blocks in blocks (tool_result in content, document in tool_result); deeper ones aren't real. */
const MAX_BLOCK_DEPTH = 8;

/** Reads content blocks of one request. Remembers tool names, because results carry only the call's id. */
export class BlockReader {
  readonly #parts: PartCollector;
  readonly #toolNames = new Map<string, string>();

  constructor(parts: PartCollector) {
    this.#parts = parts;
  }

  /** A string, a list of blocks, or a single block (nested results). */
  content(content: unknown, pointer: string, role: Role, toolName?: string, depth = 0): void {
    const kind = role === 'tool' ? 'tool-result' : 'text';
    if (typeof content === 'string') this.#parts.text(kind, role, pointer, content, { toolName });
    else if (Array.isArray(content)) {
      for (let i = 0; i < content.length; i++) {
        this.#block(content[i], `${pointer}/${i}`, role, toolName, depth);
      }
    } else if (content !== undefined && content !== null) {
      this.#block(content, pointer, role, toolName, depth);
    }
  }

  #block(value: unknown, pointer: string, role: Role, toolName: string | undefined, depth: number): void {
    const block = asRecord(value);
    const parts = this.#parts;
    if (block === undefined || depth > MAX_BLOCK_DEPTH) {
      parts.unknown(role, pointer, value);
      return;
    }
    if (RECORDED.has(asString(block['type']) ?? '')) parts.rest(role, pointer, block, KNOWN);
    switch (block['type']) {
      case 'text':
        parts.text(role === 'tool' ? 'tool-result' : 'text', role, `${pointer}/text`, block['text'], {
          toolName,
        });
        // Quotations from the documents that were sent along.
        parts.strings('text', role, `${pointer}/citations`, block['citations'], {
          skip: NOT_PROSE,
          editable: false,
        });
        return;
      case 'image':
      case 'document':
        this.#attachment(block, pointer, role, depth);
        return;
      case 'container_upload':
        parts.attachmentUrl('file', role, `${pointer}/file_id`, block['file_id']);
        return;
      case 'search_result':
        parts.text('tool-result', role, `${pointer}/source`, block['source'], { toolName });
        parts.text('tool-result', role, `${pointer}/title`, block['title'], { toolName });
        this.content(block['content'], `${pointer}/content`, 'tool', toolName, depth + 1);
        return;
      case 'thinking':
        // Signed: a changed block is refused by the API.
        parts.text('thinking', 'assistant', `${pointer}/thinking`, block['thinking'], { editable: false });
        return;
      case 'redacted_thinking':
        parts.other({
          kind: 'thinking',
          role: 'assistant',
          pointer: `${pointer}/data`,
          text: undefined,
          editable: false,
        });
        return;
      case 'tool_use':
      case 'server_tool_use':
      case 'mcp_tool_use':
        this.#toolCall(block, pointer);
        return;
      case 'tool_result':
      case 'mcp_tool_result':
        this.content(
          block['content'],
          `${pointer}/content`,
          'tool',
          this.#toolNames.get(asString(block['tool_use_id']) ?? ''),
          depth + 1,
        );
        return;
      case 'compaction':
        parts.text('text', role, `${pointer}/content`, block['content'], {
          editable: typeof block['signature'] !== 'string',
        });
        parts.strings('tool-definition', 'system', `${pointer}/tool_changes`, block['tool_changes'], {
          skip: NOT_PROSE,
          editable: false,
        });
        return;
      case 'tool_addition':
      case 'tool_removal':
      case 'mcp_tool_listing':
        parts.strings('tool-definition', role, pointer, block, { skip: NOT_PROSE });
        return;
      case 'tool_reference':
      case 'fallback':
        return;
      default:
        this.#other(block, pointer, role, depth);
    }
  }

  #toolCall(block: JsonRecord, pointer: string): void {
    const toolName = asString(block['name']);
    const id = asString(block['id']);
    if (id !== undefined && toolName !== undefined) this.#toolNames.set(id, toolName);
    this.#parts.strings('tool-call', 'assistant', `${pointer}/input`, block['input'], { toolName });
  }

  /** `web_search_tool_result`, `code_execution_tool_result` and their kin; anything else is unknown. */
  #other(block: JsonRecord, pointer: string, role: Role, depth: number): void {
    if (!asString(block['type'])?.endsWith('_tool_result')) {
      this.#parts.unknown(role, pointer, block);
      return;
    }
    const toolName = this.#toolNames.get(asString(block['tool_use_id']) ?? '');
    const fetched = asRecord(block['content']);
    const document = asRecord(fetched?.['content']);
    if (document?.['type'] === 'document') {
      // web_fetch: a page or a PDF, wrapped in a document.
      this.#parts.text('tool-result', 'tool', `${pointer}/content/url`, fetched?.['url'], { toolName });
      this.#block(document, `${pointer}/content/content`, 'tool', toolName, depth + 1);
      return;
    }
    this.#parts.strings('tool-result', 'tool', `${pointer}/content`, block['content'], {
      toolName,
      skip: NOT_PROSE,
    });
  }

  #attachment(block: JsonRecord, pointer: string, role: Role, depth: number): void {
    const parts = this.#parts;
    const kind = block['type'] === 'image' ? 'image' : 'file';
    const fileName = asString(block['title']);
    parts.text('text', role, `${pointer}/title`, block['title']);
    parts.text('text', role, `${pointer}/context`, block['context']);
    const source = asRecord(block['source']);
    const place = `${pointer}/source`;
    switch (source?.['type']) {
      case 'base64': {
        const mediaType = asString(source['media_type']);
        const facts = base64Facts(mediaType, asString(source['data']) ?? '');
        const known = mediaType === undefined ? kind : kindOfMedia(mediaType);
        parts.attachment(known, role, `${place}/data`, facts, { fileName });
        return;
      }
      case 'text':
        // Plain text, not base64: read and edited like any other.
        parts.other({
          kind: 'file',
          role,
          pointer: `${place}/data`,
          text: asString(source['data']),
          editable: true,
          mediaType: asString(source['media_type']) ?? 'text/plain',
          ...(fileName !== undefined && { fileName }),
          bytes: Buffer.byteLength(asString(source['data']) ?? ''),
        });
        return;
      case 'url':
        parts.attachmentUrl(kind, role, `${place}/url`, source['url'], { fileName });
        return;
      case 'file':
        parts.attachmentUrl(kind, role, `${place}/file_id`, source['file_id'], { fileName });
        return;
      case 'content':
        this.content(source['content'], `${place}/content`, role, undefined, depth + 1);
        return;
      default:
        parts.unknown(role, pointer, block);
    }
  }
}

import type { ResponseDecoder } from '../../../core/dialect.ts';
import type { ExchangeEvent, FinishReason } from '../../../core/exchange.ts';
import { ChannelWriter } from '../../channels.ts';
import { asArray, asNumber, asRecord, asString, type JsonRecord, parseJson } from '../../json/values.ts';
import { NOT_PROSE } from './blocks.ts';
import { mergeUsage, messagesUsage } from './usage.ts';

const FINISH: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  compaction: 'pause',
  refusal: 'refusal',
};

const THINKING = { editable: false };

/** Channels: `content/0`, `content/2/input/path` for arguments that come whole, `content/0/citation/1`. */
export class MessagesDecoder implements ResponseDecoder {
  readonly #out = new ChannelWriter();
  readonly #toolNames = new Map<number, string | undefined>();
  readonly #citations = new Map<number, number>();
  #usage: JsonRecord | undefined;
  #ended = false;

  frame(data: string, eventName: string | undefined): readonly ExchangeEvent[] {
    const event = asRecord(parseJson(data));
    if (event === undefined) this.#out.add({ type: 'unknown', name: eventName ?? 'not-json' });
    else this.#event(event, asString(event['type']) ?? eventName ?? 'event');
    return this.#out.take();
  }

  body(data: string): readonly ExchangeEvent[] {
    const body = asRecord(parseJson(data));
    if (body === undefined) this.#out.add({ type: 'unknown', name: 'not-json' });
    else if (body['type'] === 'error') this.#error(body);
    else if (Array.isArray(body['content'])) this.#message(body);
    else if (asNumber(body['input_tokens']) !== undefined) {
      // count_tokens: a figure that nobody pays for, hence no usage.
      this.#out.add({ type: 'end', reason: 'stop', rawReason: undefined });
    } else this.#out.add({ type: 'unknown', name: asString(body['type']) ?? 'body' });
    return this.#out.take();
  }

  #message(message: JsonRecord): void {
    const out = this.#out;
    out.add({ type: 'start', model: asString(message['model']), responseId: asString(message['id']) });
    const content = asArray(message['content']);
    for (let i = 0; i < content.length; i++) {
      this.#blockStart(asRecord(content[i]), i, `/content/${i}`);
      this.#blockStop(i);
    }
    const usage = asRecord(message['usage']);
    if (usage !== undefined) out.add({ type: 'usage', usage: messagesUsage(usage), final: true });
    this.#end(asString(message['stop_reason']));
  }

  #event(event: JsonRecord, name: string): void {
    switch (name) {
      case 'message_start': {
        const message = asRecord(event['message']);
        this.#out.add({
          type: 'start',
          model: asString(message?.['model']),
          responseId: asString(message?.['id']),
        });
        this.#usage = asRecord(message?.['usage']);
        if (this.#usage !== undefined) {
          this.#out.add({ type: 'usage', usage: messagesUsage(this.#usage), final: false });
        }
        return;
      }
      case 'content_block_start':
        this.#blockStart(asRecord(event['content_block']), asNumber(event['index']) ?? 0, '/content_block');
        return;
      case 'content_block_delta':
        this.#delta(asRecord(event['delta']), asNumber(event['index']) ?? 0);
        return;
      case 'content_block_stop':
        this.#blockStop(asNumber(event['index']) ?? 0);
        return;
      case 'message_delta':
        this.#messageDelta(event);
        return;
      case 'message_stop':
        this.#out.endAll();
        if (!this.#ended) this.#end(undefined);
        return;
      case 'error':
        this.#error(event);
        return;
      case 'ping':
        return;
      case 'message':
        // Asked for a stream, a compatible server answered whole.
        this.#message(event);
        return;
      default:
        this.#out.add({ type: 'unknown', name });
    }
  }

  #messageDelta(event: JsonRecord): void {
    this.#out.endAll();
    const usage = asRecord(event['usage']);
    if (usage !== undefined) {
      this.#usage = mergeUsage(this.#usage, usage);
      this.#out.add({ type: 'usage', usage: messagesUsage(this.#usage), final: true });
    }
    const reason = asString(asRecord(event['delta'])?.['stop_reason']);
    if (reason !== undefined) this.#end(reason);
  }

  #blockStart(block: JsonRecord | undefined, index: number, pointer: string): void {
    if (block === undefined) return;
    const out = this.#out;
    const channel = `content/${index}`;
    switch (block['type']) {
      case 'text':
        out.delta('text', channel, `${pointer}/text`, block['text']);
        this.#citationList(asArray(block['citations']), channel, `${pointer}/citations`);
        return;
      case 'thinking':
        out.delta('thinking', channel, `${pointer}/thinking`, block['thinking'], THINKING);
        return;
      case 'redacted_thinking':
        return;
      case 'tool_use':
      case 'server_tool_use':
      case 'mcp_tool_use': {
        const toolName = asString(block['name']);
        this.#toolNames.set(index, toolName);
        out.wholeStrings('tool-call', `${channel}/input`, `${pointer}/input`, block['input'], { toolName });
        return;
      }
      case 'compaction':
        out.delta('text', channel, `${pointer}/content`, block['content'], {
          editable: typeof block['signature'] !== 'string',
        });
        return;
      default:
        if (asString(block['type'])?.endsWith('_tool_result')) {
          const place = `${pointer}/content`;
          const options = { skip: NOT_PROSE };
          out.wholeStrings('tool-result', `${channel}/content`, place, block['content'], options);
        } else this.#unknownBlock(block, channel, pointer);
    }
  }

  /** Passes as unknown, but what it says can be read. */
  #unknownBlock(block: JsonRecord, channel: string, pointer: string): void {
    this.#out.add({ type: 'unknown', name: asString(block['type']) ?? 'content_block' });
    this.#out.wholeStrings('text', channel, pointer, block, { editable: false, skip: NOT_PROSE });
  }

  #delta(delta: JsonRecord | undefined, index: number): void {
    const out = this.#out;
    const channel = `content/${index}`;
    switch (delta?.['type']) {
      case 'text_delta':
        out.delta('text', channel, '/delta/text', delta['text']);
        return;
      case 'input_json_delta':
        out.delta('tool-call', channel, '/delta/partial_json', delta['partial_json'], {
          toolName: this.#toolNames.get(index),
          json: true,
        });
        return;
      case 'thinking_delta':
        out.delta('thinking', channel, '/delta/thinking', delta['thinking'], THINKING);
        return;
      case 'signature_delta':
        // The signature covers the whole block: its text is complete.
        out.end(channel);
        return;
      case 'citations_delta':
        this.#citation(delta['citation'], index, channel, '/delta/citation');
        return;
      case 'compaction_delta':
        out.delta('text', channel, '/delta/content', delta['content'], {
          editable: typeof delta['encrypted_content'] !== 'string',
        });
        return;
      default:
        out.add({ type: 'unknown', name: asString(delta?.['type']) ?? 'content_block_delta' });
        if (delta !== undefined) {
          out.deltaStrings('text', `${channel}/delta`, '/delta', delta, { editable: false, skip: NOT_PROSE });
        }
    }
  }

  #citationList(citations: readonly unknown[], channel: string, pointer: string): void {
    const index = Number(channel.slice('content/'.length));
    for (let i = 0; i < citations.length; i++) {
      this.#citation(citations[i], index, channel, `${pointer}/${i}`);
    }
  }

  /** A quotation from a document, as a channel of its own. */
  #citation(citation: unknown, index: number, channel: string, pointer: string): void {
    const number = this.#citations.get(index) ?? 0;
    this.#citations.set(index, number + 1);
    this.#out.wholeStrings('text', `${channel}/citation/${number}`, pointer, citation, { skip: NOT_PROSE });
  }

  #blockStop(index: number): void {
    this.#out.end(`content/${index}`);
    this.#out.endAll(`content/${index}/`);
  }

  #end(reason: string | undefined): void {
    this.#ended = true;
    const mapped = reason === undefined ? 'other' : (FINISH[reason] ?? 'other');
    this.#out.add({ type: 'end', reason: mapped, rawReason: reason });
  }

  #error(event: JsonRecord): void {
    const error = asRecord(event['error']);
    this.#out.endAll();
    this.#out.add({
      type: 'error',
      message: asString(error?.['message']) ?? '',
      rawType: asString(error?.['type']),
    });
  }
}

import type { ResponseDecoder } from '../../../core/dialect.ts';
import type { ExchangeEvent, FinishReason } from '../../../core/exchange.ts';
import { ChannelWriter } from '../../channels.ts';
import { asArray, asNumber, asRecord, asString, type JsonRecord, parseJson } from '../../json/values.ts';
import { chatUsage } from './usage.ts';

const FINISH: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
  error: 'error',
};

/** Channels: `choice/0/content`, `…/refusal`, `…/reasoning_content`, `…/tool/1`, `…/function`, `…/transcript`. */
export class ChatDecoder implements ResponseDecoder {
  readonly #out = new ChannelWriter();
  /** The name comes with a call's first delta only. */
  readonly #toolNames = new Map<string, string>();
  #started = false;
  #finished = false;

  frame(data: string): readonly ExchangeEvent[] {
    if (data.trim() === '[DONE]') {
      this.#out.endAll();
      this.#out.add({ type: 'unknown', name: '[DONE]' });
    } else this.#read(parseJson(data), 'delta');
    return this.#out.take();
  }

  body(data: string): readonly ExchangeEvent[] {
    this.#read(parseJson(data), 'message');
    this.#out.endAll();
    return this.#out.take();
  }

  #read(value: unknown, holder: 'delta' | 'message'): void {
    const chunk = asRecord(value);
    if (chunk === undefined) {
      this.#out.add({ type: 'unknown', name: 'not-json' });
      return;
    }
    if (asRecord(chunk['error']) !== undefined || typeof chunk['error'] === 'string') {
      this.#error(chunk['error']);
      return;
    }
    const choices = chunk['choices'];
    if (!Array.isArray(choices) && chunk['usage'] === undefined) {
      this.#out.add({ type: 'unknown', name: asString(chunk['object']) ?? 'chunk' });
      return;
    }
    if (!this.#started) {
      this.#started = true;
      this.#out.add({
        type: 'start',
        model: asString(chunk['model']),
        responseId: asString(chunk['id']),
      });
    }
    const list = asArray(choices);
    const ends: ExchangeEvent[] = [];
    for (let i = 0; i < list.length; i++) this.#choice(asRecord(list[i]), i, holder, ends);
    const usage = asRecord(chunk['usage']);
    if (usage !== undefined) {
      // Some compatible servers report running totals with every chunk; the last is final.
      const final = holder === 'message' || list.length === 0 || this.#finished;
      this.#out.add({ type: 'usage', usage: chatUsage(usage), final });
    }
    for (const end of ends) this.#out.add(end);
  }

  #choice(
    choice: JsonRecord | undefined,
    position: number,
    holder: 'delta' | 'message',
    ends: ExchangeEvent[],
  ): void {
    if (choice === undefined) return;
    const channel = `choice/${asNumber(choice['index']) ?? position}`;
    const pointer = `/choices/${position}`;
    // Servers that answer a stream with whole messages, and the other way round.
    const name = asRecord(choice[holder]) ? holder : holder === 'delta' ? 'message' : 'delta';
    const message = asRecord(choice[name]);
    if (message !== undefined) this.#message(message, `${pointer}/${name}`, channel);
    // Legacy completions.
    this.#out.delta('text', `${channel}/content`, `${pointer}/text`, choice['text']);
    // Token by token, the same text again; an edit of the text would miss it.
    if (asRecord(choice['logprobs'])) this.#out.add({ type: 'unknown', name: 'logprobs' });
    const reason = asString(choice['finish_reason']);
    if (reason === undefined) return;
    this.#finished = true;
    this.#out.endAll(`${channel}/`);
    ends.push({ type: 'end', reason: FINISH[reason] ?? 'other', rawReason: reason });
  }

  #message(message: JsonRecord, pointer: string, channel: string): void {
    const out = this.#out;
    // Reasoning comes first, under names that differ per server; some send it twice, so each has its own channel.
    for (const key of ['reasoning_content', 'reasoning']) {
      out.delta('thinking', `${channel}/${key}`, `${pointer}/${key}`, message[key]);
    }
    this.#reasoningDetails(asArray(message['reasoning_details']), pointer, channel);
    if (Array.isArray(message['content'])) this.#contentParts(message['content'], pointer, channel);
    else out.delta('text', `${channel}/content`, `${pointer}/content`, message['content']);
    out.delta('refusal', `${channel}/refusal`, `${pointer}/refusal`, message['refusal']);
    const audio = asRecord(message['audio']);
    if (audio !== undefined) {
      out.delta('text', `${channel}/transcript`, `${pointer}/audio/transcript`, audio['transcript']);
      if (typeof audio['data'] === 'string') out.add({ type: 'unknown', name: 'audio' });
    }
    const calls = asArray(message['tool_calls']);
    for (let i = 0; i < calls.length; i++) this.#toolCall(asRecord(calls[i]), i, pointer, channel);
    const legacy = asRecord(message['function_call']);
    if (legacy !== undefined) {
      const name = `${channel}/function`;
      const toolName = this.#toolName(name, legacy);
      out.delta('tool-call', name, `${pointer}/function_call/arguments`, legacy['arguments'], { toolName });
    }
  }

  /** OpenRouter: typed pieces, some of them signed or encrypted by the provider behind it. */
  #reasoningDetails(details: readonly unknown[], pointer: string, channel: string): void {
    for (let i = 0; i < details.length; i++) {
      const detail = asRecord(details[i]);
      const name = `${channel}/reasoning_details/${asNumber(detail?.['index']) ?? i}`;
      for (const key of ['text', 'summary']) {
        const place = `${pointer}/reasoning_details/${i}/${key}`;
        this.#out.delta('thinking', `${name}/${key}`, place, detail?.[key], { editable: false });
      }
    }
  }

  /** Mistral streams content as typed parts. */
  #contentParts(content: readonly unknown[], pointer: string, channel: string): void {
    for (let i = 0; i < content.length; i++) {
      const part = asRecord(content[i]);
      const place = `${pointer}/content/${i}`;
      if (typeof part?.['text'] === 'string') {
        this.#out.delta('text', `${channel}/content`, `${place}/text`, part['text']);
      } else this.#out.wholeStrings('text', `${channel}/content/${i}`, place, content[i]);
    }
  }

  #toolCall(call: JsonRecord | undefined, position: number, pointer: string, channel: string): void {
    if (call === undefined) return;
    const name = `${channel}/tool/${asNumber(call['index']) ?? position}`;
    const place = `${pointer}/tool_calls/${position}`;
    const custom = asRecord(call['custom']);
    const named = custom ?? asRecord(call['function']);
    const toolName = this.#toolName(name, named);
    if (custom !== undefined) {
      this.#out.delta('tool-call', name, `${place}/custom/input`, custom['input'], { toolName });
    } else if (typeof named?.['arguments'] === 'string') {
      this.#out.delta('tool-call', name, `${place}/function/arguments`, named['arguments'], { toolName });
    } else {
      this.#out.wholeStrings('tool-call', name, `${place}/function/arguments`, named?.['arguments'], {
        toolName,
      });
    }
  }

  #toolName(channel: string, named: JsonRecord | undefined): string | undefined {
    const name = asString(named?.['name']);
    if (name) this.#toolNames.set(channel, name);
    return this.#toolNames.get(channel);
  }

  #error(value: unknown): void {
    const error = asRecord(value);
    this.#out.endAll();
    this.#out.add({
      type: 'error',
      message: asString(error?.['message']) ?? asString(value) ?? '',
      rawType: asString(error?.['type']) ?? asString(error?.['code']),
    });
  }
}

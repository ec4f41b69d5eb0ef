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
      this.#out.add({ type: 'usage', usage: chatUsage(usage, asString(chunk['service_tier'])), final });
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
      const place = { scope: channel, group: 'reasoning', name: key };
      out.sequentialDelta('thinking', place, `${pointer}/${key}`, message[key]);
    }
    this.#reasoningDetails(asArray(message['reasoning_details']), pointer, channel);
    if (Array.isArray(message['content'])) this.#contentParts(message['content'], pointer, channel);
    else this.#content('text', 'content', `${pointer}/content`, message['content'], channel);
    this.#content('refusal', 'refusal', `${pointer}/refusal`, message['refusal'], channel);
    const audio = asRecord(message['audio']);
    if (audio !== undefined) {
      this.#content('text', 'transcript', `${pointer}/audio/transcript`, audio['transcript'], channel);
      if (typeof audio['data'] === 'string') out.add({ type: 'unknown', name: 'audio' });
    }
    const calls = asArray(message['tool_calls']);
    for (let i = 0; i < calls.length; i++) this.#toolCall(asRecord(calls[i]), i, pointer, channel);
    const legacy = asRecord(message['function_call']);
    if (legacy !== undefined) {
      const toolName = this.#toolName(`${channel}/function`, legacy);
      const place = { scope: channel, group: 'tools', name: 'function' };
      const text = legacy['arguments'];
      out.sequentialDelta('tool-call', place, `${pointer}/function_call/arguments`, text, {
        toolName,
        json: true,
      });
    }
  }

  #content(kind: 'text' | 'refusal', name: string, pointer: string, text: unknown, scope: string): void {
    this.#out.sequentialDelta(kind, { scope, group: name, name }, pointer, text);
  }

  /** OpenRouter: typed pieces, some of them signed or encrypted by the provider behind it. */
  #reasoningDetails(details: readonly unknown[], pointer: string, scope: string): void {
    for (let i = 0; i < details.length; i++) {
      const detail = asRecord(details[i]);
      const piece = asNumber(detail?.['index']) ?? i;
      for (const key of ['text', 'summary']) {
        const place = { scope, group: 'reasoning', name: `reasoning_details/${piece}/${key}` };
        const pointed = `${pointer}/reasoning_details/${i}/${key}`;
        this.#out.sequentialDelta('thinking', place, pointed, detail?.[key], { editable: false });
      }
    }
  }

  /** Mistral streams content as typed parts. */
  #contentParts(content: readonly unknown[], pointer: string, channel: string): void {
    for (let i = 0; i < content.length; i++) {
      const part = asRecord(content[i]);
      const place = `${pointer}/content/${i}`;
      if (typeof part?.['text'] === 'string') {
        this.#content('text', 'content', `${place}/text`, part['text'], channel);
        continue;
      }
      const thoughts = asArray(part?.['thinking']);
      for (let j = 0; j < thoughts.length; j++) {
        const name = { scope: channel, group: 'reasoning', name: 'thinking' };
        const text = asRecord(thoughts[j])?.['text'];
        this.#out.sequentialDelta('thinking', name, `${place}/thinking/${j}/text`, text);
      }
      if (thoughts.length === 0) {
        this.#out.add({ type: 'unknown', name: asString(part?.['type']) ?? 'content' });
        this.#out.deltaStrings('text', `${channel}/content/${i}`, place, content[i], { editable: false });
      }
    }
  }

  #toolCall(call: JsonRecord | undefined, position: number, pointer: string, scope: string): void {
    if (call === undefined) return;
    const name = `tool/${asNumber(call['index']) ?? position}`;
    const custom = asRecord(call['custom']);
    const named = custom ?? asRecord(call['function']);
    const toolName = this.#toolName(`${scope}/${name}`, named);
    const member = custom === undefined ? 'function/arguments' : 'custom/input';
    const place = `${pointer}/tool_calls/${position}/${member}`;
    const text = custom === undefined ? named?.['arguments'] : custom['input'];
    if (typeof text === 'string') {
      this.#out.sequentialDelta('tool-call', { scope, group: 'tools', name }, place, text, {
        toolName,
        json: custom === undefined ? true : undefined,
      });
    } else this.#out.wholeStrings('tool-call', `${scope}/${name}`, place, text, { toolName });
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

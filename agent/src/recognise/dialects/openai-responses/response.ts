import type { ResponseDecoder } from '../../../core/dialect.ts';
import type { ExchangeEvent } from '../../../core/exchange.ts';
import { ChannelWriter } from '../../channels.ts';
import { asArray, asNumber, asRecord, asString, type JsonRecord, parseJson } from '../../json/values.ts';
import { ChannelSink } from './channel-sink.ts';
import { finishOf } from './finish.ts';
import { readItem } from './items.ts';
import { STREAMED } from './streamed.ts';
import { responsesUsage } from './usage.ts';

/** Events that only report progress: `response.web_search_call.searching`, `keepalive`. */
const PROGRESS =
  /^(?:keepalive|response\.(?:[a-z_]+_call|mcp_list_tools)\.(?:in_progress|searching|interpreting|generating|completed|failed)|response\.(?:compaction\.compacting|steer\.(?:accepted|pending)|audio\.done))$/;

/**
 * A channel is named after the string's place in the finished response: `output/0/content/1/text`,
 * `output/2/arguments`. So deltas, their `done` events and the snapshots of item and response meet in one name.
 */
export class ResponsesDecoder implements ResponseDecoder {
  readonly #out = new ChannelWriter();
  readonly #toolNames = new Map<number, string>();
  #started = false;

  frame(data: string, eventName: string | undefined): readonly ExchangeEvent[] {
    const event = asRecord(parseJson(data));
    if (event === undefined) {
      if (data.trim() === '[DONE]') this.#out.endAll();
      this.#out.add({
        type: 'unknown',
        name: data.trim() === '[DONE]' ? '[DONE]' : (eventName ?? 'not-json'),
      });
    } else {
      const name = asString(event['type']) ?? eventName;
      // Without a type: asked for a stream, a compatible server answered whole.
      if (name === undefined) this.#whole(event);
      else this.#event(event, name);
    }
    return this.#out.take();
  }

  body(data: string): readonly ExchangeEvent[] {
    const body = asRecord(parseJson(data));
    if (body === undefined) this.#out.add({ type: 'unknown', name: 'not-json' });
    else this.#whole(body);
    return this.#out.take();
  }

  #whole(body: JsonRecord): void {
    if (asRecord(body['error']) !== undefined && body['output'] === undefined) this.#error(body);
    else if (Array.isArray(body['output'])) this.#response(body, '');
    else if (asNumber(body['input_tokens']) !== undefined) {
      // `/v1/responses/input_tokens`: a figure that nobody pays for, hence no usage.
      this.#out.add({ type: 'end', reason: 'stop', rawReason: undefined });
    } else this.#out.add({ type: 'unknown', name: asString(body['object']) ?? 'body' });
  }

  #event(event: JsonRecord, name: string): void {
    const streamed = STREAMED[name];
    if (streamed !== undefined) {
      const output = asNumber(event['output_index']) ?? 0;
      const channel = `output/${output}${streamed.path(event)}`;
      const text = event[streamed.member];
      const options = {
        toolName: streamed.kind === 'tool-call' ? this.#toolNames.get(output) : undefined,
        json: channel.endsWith('/arguments') ? (true as const) : undefined,
      };
      if (streamed.form === 'delta') {
        this.#out.deltaStrings(streamed.kind, channel, `/${streamed.member}`, text, options);
      } else this.#out.wholeStrings(streamed.kind, channel, `/${streamed.member}`, text, options);
      // Token by token, the same text again; an edit of the text would miss it.
      if (asArray(event['logprobs']).length > 0) this.#out.add({ type: 'unknown', name: 'logprobs' });
      return;
    }
    switch (name) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        this.#start(asRecord(event['response']));
        return;
      case 'response.output_item.added':
      case 'response.output_item.done':
        this.#item(event['item'], asNumber(event['output_index']) ?? 0, '/item', name.endsWith('.done'));
        return;
      case 'response.content_part.added':
      case 'response.content_part.done':
      case 'response.reasoning_summary_part.added':
      case 'response.reasoning_summary_part.done':
        this.#part(event, name.endsWith('.done'));
        return;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        this.#response(asRecord(event['response']) ?? {}, '/response');
        return;
      case 'response.audio.transcript.done':
        this.#out.endAll(`output/${asNumber(event['output_index']) ?? 0}/transcript`);
        return;
      case 'error':
        this.#error(event);
        return;
      default:
        if (!PROGRESS.test(name)) this.#out.add({ type: 'unknown', name });
    }
  }

  #start(response: JsonRecord | undefined): void {
    if (this.#started) return;
    this.#started = true;
    this.#out.add({
      type: 'start',
      model: asString(response?.['model']),
      responseId: asString(response?.['id']),
    });
  }

  /** The whole response: a body, or what a terminal event repeats. */
  #response(response: JsonRecord, pointer: string): void {
    this.#start(response);
    const output = asArray(response['output']);
    for (let i = 0; i < output.length; i++) this.#item(output[i], i, `${pointer}/output/${i}`, true);
    this.#out.endAll();
    const usage = asRecord(response['usage']);
    if (usage !== undefined) {
      const tier = asString(response['service_tier']);
      this.#out.add({ type: 'usage', usage: responsesUsage(usage, tier), final: true });
    }
    const error = asRecord(response['error']);
    if (error !== undefined) {
      const message = asString(error['message']) ?? '';
      this.#out.add({ type: 'error', message, rawType: asString(error['code']) });
    }
    this.#out.add(finishOf(response));
  }

  #item(value: unknown, output: number, pointer: string, whole: boolean): void {
    const item = asRecord(value);
    if (item === undefined) return;
    const toolName = asString(item['name']);
    if (toolName !== undefined) this.#toolNames.set(output, toolName);
    const sink = new ChannelSink(this.#out, `output/${output}`, pointer, whole);
    readItem(item, sink, () => undefined);
    if (whole) this.#out.endAll(`output/${output}/`);
  }

  /** A content part or summary part, by itself. */
  #part(event: JsonRecord, whole: boolean): void {
    const part = asRecord(event['part']);
    const summary = asNumber(event['summary_index']);
    const place =
      summary === undefined ? `/content/${asNumber(event['content_index']) ?? 0}` : `/summary/${summary}`;
    const channel = `output/${asNumber(event['output_index']) ?? 0}${place}`;
    const thinks = summary !== undefined || part?.['type'] === 'reasoning_text';
    for (const key of ['text', 'refusal'] as const) {
      const kind = thinks ? 'thinking' : key;
      if (whole) this.#out.whole(kind, `${channel}/${key}`, `/part/${key}`, part?.[key]);
      else this.#out.delta(kind, `${channel}/${key}`, `/part/${key}`, part?.[key]);
    }
  }

  /** `{"error": {…}}`, or its members side by side with `type`. */
  #error(event: JsonRecord): void {
    const error = asRecord(event['error']) ?? event;
    this.#out.endAll();
    this.#out.add({
      type: 'error',
      message: asString(error['message']) ?? '',
      rawType: asString(error['code']) ?? asString(error['type']),
    });
  }
}

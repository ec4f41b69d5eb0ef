import type { ResponseDecoder } from '../../../core/dialect.ts';
import type { ExchangeEvent, FinishReason } from '../../../core/exchange.ts';
import { ChannelWriter } from '../../channels.ts';
import { asArray, asNumber, asRecord, asString, type JsonRecord, parseJson } from '../../json/values.ts';
import { member } from './names.ts';
import { geminiUsage } from './usage.ts';

const FINISH: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  LANGUAGE: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
  MALFORMED_FUNCTION_CALL: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
  TOO_MANY_TOOL_CALLS: 'error',
  MALFORMED_RESPONSE: 'error',
  CONTINUATION: 'pause',
};

/** Channels: `candidate/0/text`, `candidate/0/thinking`, `candidate/0/call/1/path` (each string of the arguments). */
export class GeminiDecoder implements ResponseDecoder {
  readonly #out = new ChannelWriter();
  #started = false;
  #called = false;
  /** Calls and results come whole, so each gets a number of its own. */
  #items = 0;
  #partialCalls = 0;
  #partialTool: string | undefined;

  frame(data: string): readonly ExchangeEvent[] {
    this.#read(parseJson(data));
    return this.#out.take();
  }

  body(data: string): readonly ExchangeEvent[] {
    const value = parseJson(data);
    // A stream without `alt=sse`, read at once.
    if (Array.isArray(value)) for (let i = 0; i < value.length; i++) this.#chunk(asRecord(value[i]), `/${i}`);
    else this.#read(value);
    this.#out.endAll();
    return this.#out.take();
  }

  #read(value: unknown): void {
    const wrapper = asRecord(value);
    // Code Assist wraps each answer: {"response": {…}, "traceId": "…"}.
    const wrapped = asRecord(wrapper?.['response']);
    this.#chunk(wrapped ?? wrapper, wrapped === undefined ? '' : '/response');
  }

  #chunk(chunk: JsonRecord | undefined, base: string): void {
    const out = this.#out;
    if (chunk === undefined) {
      out.add({ type: 'unknown', name: 'not-json' });
      return;
    }
    const error = asRecord(chunk['error']);
    if (error !== undefined) {
      out.endAll();
      const message = asString(error['message']) ?? '';
      out.add({ type: 'error', message, rawType: asString(error['status']) });
      return;
    }
    const feedback = asRecord(member(chunk, 'promptFeedback').value);
    const usage = asRecord(member(chunk, 'usageMetadata').value);
    const embeds = chunk['embedding'] !== undefined || chunk['embeddings'] !== undefined;
    const counts = member(chunk, 'totalTokens').value !== undefined;
    if (chunk['candidates'] === undefined && !feedback && !usage && !embeds && !counts) {
      out.add({ type: 'unknown', name: 'chunk' });
      return;
    }
    this.#start(chunk);
    const candidates = asArray(chunk['candidates']);
    const ends: ExchangeEvent[] = [];
    for (let i = 0; i < candidates.length; i++) {
      this.#candidate(asRecord(candidates[i]), i, `${base}/candidates/${i}`, ends);
    }
    const blocked = asString(member(feedback, 'blockReason').value);
    if (blocked !== undefined) ends.push({ type: 'end', reason: 'content-filter', rawReason: blocked });
    // Vectors and token counts have no finish reason of their own.
    if (embeds || (counts && candidates.length === 0)) {
      ends.push({ type: 'end', reason: 'stop', rawReason: undefined });
    }
    if (usage !== undefined) out.add({ type: 'usage', usage: geminiUsage(usage), final: ends.length > 0 });
    for (const end of ends) out.add(end);
  }

  #start(chunk: JsonRecord): void {
    if (this.#started) return;
    this.#started = true;
    this.#out.add({
      type: 'start',
      model: asString(member(chunk, 'modelVersion').value),
      responseId: asString(member(chunk, 'responseId').value),
    });
  }

  #candidate(
    candidate: JsonRecord | undefined,
    position: number,
    pointer: string,
    ends: ExchangeEvent[],
  ): void {
    const channel = `candidate/${asNumber(candidate?.['index']) ?? position}`;
    const parts = asArray(asRecord(candidate?.['content'])?.['parts']);
    for (let i = 0; i < parts.length; i++) {
      this.#part(asRecord(parts[i]), `${pointer}/content/parts/${i}`, channel);
    }
    this.#repeats(candidate, pointer, channel);
    const reason = asString(member(candidate, 'finishReason').value);
    if (reason === undefined) return;
    this.#out.endAll(`${channel}/`);
    const mapped = FINISH[reason] ?? 'other';
    ends.push({
      type: 'end',
      // Gemini calls it STOP, whether the model has finished or waits for a function.
      reason: mapped === 'stop' && this.#called ? 'tool-calls' : mapped,
      rawReason: reason,
    });
  }

  /** Places that repeat the answer beside it: grounding quotes it, log probabilities spell it. */
  #repeats(candidate: JsonRecord | undefined, pointer: string, channel: string): void {
    const grounding = member(candidate, 'groundingMetadata');
    if (asRecord(grounding.value) !== undefined) {
      const name = `${channel}/grounding/${this.#items++}`;
      this.#out.wholeStrings('text', name, `${pointer}/${grounding.key}`, grounding.value, {
        skip: GROUNDING_SKIPPED,
      });
    }
    if (member(candidate, 'logprobsResult').value !== undefined) {
      this.#out.add({ type: 'unknown', name: 'logprobs' });
    }
  }

  #part(part: JsonRecord | undefined, pointer: string, channel: string): void {
    if (part === undefined) return;
    const out = this.#out;
    const thought = part['thought'] === true;
    const editable = !thought && typeof member(part, 'thoughtSignature').value !== 'string';
    if (typeof part['text'] === 'string') {
      const kind = thought ? 'thinking' : 'text';
      const place = { scope: channel, group: kind, name: kind };
      out.sequentialDelta(kind, place, `${pointer}/text`, part['text'], { editable });
      return;
    }
    const spoken = member(part, 'audioTranscription');
    const words = asRecord(spoken.value)?.['text'];
    if (words !== undefined) {
      const place = { scope: channel, group: 'transcription', name: 'transcription' };
      out.sequentialDelta('text', place, `${pointer}/${spoken.key}/text`, words, { editable });
      return;
    }
    if (this.#tool(part, pointer, channel, editable)) return;
    if (member(part, 'inlineData').value !== undefined) out.add({ type: 'unknown', name: 'inlineData' });
    else if (Object.keys(part).some((key) => !/^thought/.test(key))) {
      out.add({ type: 'unknown', name: Object.keys(part)[0] ?? 'part' });
      out.wholeStrings('text', `${channel}/part/${this.#items++}`, pointer, part, { editable: false });
    }
  }

  #tool(part: JsonRecord, pointer: string, channel: string, editable: boolean): boolean {
    for (const name of ['functionCall', 'toolCall', 'executableCode']) {
      const call = member(part, name);
      const record = asRecord(call.value);
      if (record === undefined) continue;
      if (name === 'functionCall') this.#called = true;
      const key = name === 'executableCode' ? 'code' : 'args';
      const toolName = asString(record['name']) ?? (name === 'executableCode' ? 'code_execution' : undefined);
      this.#partialArguments(record, `${pointer}/${call.key}`, channel, toolName);
      this.#whole('tool-call', channel, 'call', `${pointer}/${call.key}/${key}`, record[key], {
        toolName,
        editable,
      });
      return true;
    }
    for (const name of ['codeExecutionResult', 'toolResponse', 'functionResponse']) {
      const result = member(part, name);
      const record = asRecord(result.value);
      if (record === undefined) continue;
      this.#whole('tool-result', channel, 'result', `${pointer}/${result.key}`, record, { editable });
      return true;
    }
    return false;
  }

  /** Vertex AI can stream arguments: each piece belongs to a JSON path within them. */
  #partialArguments(call: JsonRecord, pointer: string, channel: string, toolName: string | undefined): void {
    const partial = member(call, 'partialArgs');
    const pieces = asArray(partial.value);
    // The name comes with the first piece only.
    if (toolName !== undefined) this.#partialTool = toolName;
    const scope = `${channel}/partial/${this.#partialCalls}`;
    for (let i = 0; i < pieces.length; i++) {
      const piece = asRecord(pieces[i]);
      const text = member(piece, 'stringValue');
      const place = `${pointer}/${partial.key}/${i}/${text.key}`;
      const name = `${scope}/${asString(member(piece, 'jsonPath').value) ?? '$'}`;
      this.#out.delta('tool-call', name, place, text.value, { toolName: this.#partialTool });
    }
    if (member(call, 'willContinue').value === true) return;
    this.#out.endAll(`${scope}/`);
    this.#partialCalls += 1;
    this.#partialTool = undefined;
  }

  #whole(
    kind: 'tool-call' | 'tool-result',
    channel: string,
    label: string,
    pointer: string,
    value: unknown,
    options: { readonly toolName?: string | undefined; readonly editable: boolean },
  ): void {
    const skip = kind === 'tool-result' ? RESULT_SKIPPED : undefined;
    this.#out.wholeStrings(kind, `${channel}/${label}/${this.#items++}`, pointer, value, {
      ...options,
      ...(skip && { skip }),
    });
  }
}

const RESULT_SKIPPED: ReadonlySet<string> = new Set(['id', 'name', 'outcome']);
/** Google's own search widget: markup and ids, not the answer. */
const GROUNDING_SKIPPED: ReadonlySet<string> = new Set(['renderedContent', 'sdkBlob', 'domain']);

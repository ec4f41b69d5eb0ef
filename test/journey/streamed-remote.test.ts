/** A streamed answer that another service may stop: held in windows, released in order, cut or redacted by what it says. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Flow, ResponseCommand } from '../../agent/src/core/flow.ts';
import type { Answer } from '../kit/check-service.ts';
import {
  bodyOf,
  closeServices,
  DONE,
  FALCONS,
  remoteStage,
  SILENT,
  streamOf,
  textOfStream,
} from '../kit/remote-stage.ts';

afterEach(closeServices);

const FILLER = 'The postern is a small door in the wall. ';
const BLOCK = 'on: [response], action: block';

interface Played {
  /** What the client got, in pieces. */
  readonly got: string[];
  readonly cut: boolean;
}

/** The byte edge: shows the stream, waits for what comes late. */
async function play(flow: Flow, stream: readonly string[], onLate?: () => void): Promise<Played> {
  const plan = flow.responseHead(200, ['content-type', 'text/event-stream']);
  expect(plan.type).toBe('gate');
  const { late } = plan;
  if (late === undefined) throw new Error('nothing would come late');
  const got: string[] = [];
  let cut = false;
  const carryOut = (commands: readonly ResponseCommand[]): void => {
    for (const command of commands) {
      if (command.type === 'cut') cut = true;
      const bytes = command.type === 'cut' ? command.lastBytes : command.bytes;
      if (bytes !== undefined) got.push(Buffer.from(bytes).toString());
    }
  };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  late.listen((take) => {
    try {
      carryOut(take());
      onLate?.();
      if (!late.waiting) resolve();
    } catch (error) {
      reject(error);
    }
  });
  for (const event of stream) carryOut(flow.responseData(Buffer.from(event)));
  carryOut(flow.responseEnd());
  if (late.waiting) await promise;
  return { got, cut };
}

async function answered(rule: string, pieces: readonly string[], answer?: Answer) {
  const stage = await remoteStage(rule, answer);
  const flow = stage.open();
  await flow.requestBody(bodyOf('hello', true));
  const played = await play(flow, streamOf(pieces));
  await flow.finish({ ...DONE, result: played.cut ? 'cut' : 'complete' });
  const stream = played.got.join('');
  return { ...played, stream, text: textOfStream(stream), records: stage.records, service: stage.service };
}

const words = (text: string): string[] => text.match(/\S+\s*/g) ?? [];

describe('a streamed answer that a service may stop', () => {
  it('passes as it came if nothing is found', async () => {
    const pieces = words(FILLER.repeat(40));
    const { stream, service, records } = await answered(BLOCK, pieces);
    expect(stream).toBe(streamOf(pieces).join(''));
    expect(records).toMatchObject([{ decision: 'allow', effective: 'allow' }]);
    expect(service.asked.length).toBeGreaterThan(5);
  });

  it('is cut before what is found, with the words of the provider', async () => {
    const before = FILLER.repeat(30);
    const pieces = words(`${before}The falcon lands. ${FILLER.repeat(30)}`);
    const { cut, text, stream, records } = await answered(BLOCK, pieces);
    expect(cut).toBe(true);
    expect(before.startsWith(text)).toBe(true);
    expect(text.length).toBeGreaterThan(before.length - 800);
    expect(stream).not.toContain('falcon');
    expect(stream).toContain('event: error');
    expect(records).toMatchObject([{ decision: 'block', effective: 'block', findings: { 'code-name': 1 } }]);
  });

  it.each([380, 390, 395, 398, 399, 400, 401, 402, 405, 410])(
    'a word that stands where windows meet is found whole: %i',
    async (at) => {
      const { text, cut } = await answered(BLOCK, words(`${'x'.repeat(at - 1)} falcon ${FILLER.repeat(20)}`));
      expect([cut, text.includes('f')]).toEqual([true, false]);
    },
  );

  it('is redacted where the service says, whatever pieces it came in', async () => {
    const said = `${FILLER.repeat(12)}A falcon lands. ${FILLER.repeat(12)}`;
    for (const pieces of [[said], words(said), [...said]]) {
      const { text, records } = await answered('on: [response], action: redact', pieces);
      expect(text).toBe(said.replace('falcon', '[REDACTED:code-name]'));
      expect(records).toMatchObject([{ effective: 'redact', findings: { 'code-name': 1 } }]);
    }
  });

  it('is asked about in the same windows however it was cut, each with what stands before it', async () => {
    const said = `${FILLER.repeat(20)}An end without a full stop`;
    const asked = await Promise.all(
      [[said], words(said), [...said]].map(async (pieces) => {
        const { service } = await answered(BLOCK, pieces);
        return service.asked.map(({ body }) => body['text']).toSorted();
      }),
    );
    expect(asked[1]).toEqual(asked[0]);
    expect(asked[2]).toEqual(asked[0]);
    expect(asked[0]?.every((text) => String(text).length <= 800)).toBe(true);
  });

  it('replies that come in another order change nothing', async () => {
    let calls = 0;
    const backwards: Answer = async (asked, response) => {
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 60 - 15 * (calls % 4)));
      return FALCONS(asked, response);
    };
    const said = `${FILLER.repeat(30)}The falcon lands. ${FILLER.repeat(30)}`;
    const quick = await answered(BLOCK, words(said));
    const mixed = await answered(BLOCK, words(said), backwards);
    expect(mixed.stream).toBe(quick.stream);
  });

  it.each([
    ['block', true, 'block'],
    ['warn', false, 'warn'],
    ['allow', false, 'allow'],
  ] as const)('a dead service: onFailure %s', async (onFailure, isCut, effective) => {
    const pieces = words(FILLER.repeat(20));
    const dead: Answer = (_asked, response) => void response.destroy();
    const { cut, text, records } = await answered(`${BLOCK}, onFailure: ${onFailure}`, pieces, dead);
    expect(cut).toBe(isCut);
    expect(text).toBe(isCut ? '' : pieces.join(''));
    expect(records).toMatchObject([{ effective }]);
    // One reason for each way to fail, not one for each window.
    expect(records[0]?.reasons.length).toBeLessThanOrEqual(2);
  });

  it('a silent service fails at its deadline', async () => {
    const { cut, records } = await answered(BLOCK, words(FILLER), SILENT);
    expect(cut).toBe(true);
    expect(JSON.stringify(records[0]?.reasons)).toContain('got no answer from its service in time');
  });

  it('a service that is asked for an opinion on the whole cuts out the whole window', async () => {
    const harmful: Answer = ({ body }) => {
      const text = String(body['text']);
      return text.includes('poison')
        ? [{ entity_type: 'HARM', start: 0, end: [...text].length, score: 0.9 }]
        : [];
    };
    const said = `${FILLER.repeat(20)}Mix the poison well. ${FILLER.repeat(40)}`;
    const { text } = await answered('on: [response], action: redact', words(said), harmful);
    expect(text).not.toContain('poison');
    expect(text).toContain('[REDACTED:harm]');
    expect(said.startsWith(text.slice(0, text.indexOf('[')))).toBe(true);
    expect(said.endsWith(text.slice(text.lastIndexOf(']') + 1))).toBe(true);
  });

  it('a tool call is redacted within its JSON, and stays JSON', async () => {
    const stage = await remoteStage('on: [tool-call], action: redact');
    const flow = stage.open();
    await flow.requestBody(bodyOf('hello', true));
    const json = JSON.stringify({
      command: `say "the falcon lands" ${'and more '.repeat(60)}`,
      path: '/tmp',
    });
    const [start, , , stop] = streamOf(['']);
    const block = { type: 'tool_use', id: 't', name: 'Bash', input: {} };
    const event = (data: { type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
    const stream = [
      start as string,
      event({ type: 'content_block_start', index: 0, content_block: block } as { type: string }),
      ...(json.match(/.{1,7}/gs) ?? []).map((partial_json) =>
        event({
          type: 'content_block_delta',
          index: 0,
          delta: { type: 'input_json_delta', partial_json },
        } as { type: string }),
      ),
      stop as string,
      event({ type: 'message_stop' }),
    ];
    const { got, cut } = await play(flow, stream);
    await flow.finish(DONE);
    const arrived = [...got.join('').matchAll(/^data: (.*)$/gm)]
      .map(([, data = '{}']) => JSON.parse(data) as { delta?: { partial_json?: string } })
      .map(({ delta }) => delta?.partial_json ?? '')
      .join('');
    expect(cut).toBe(false);
    expect(JSON.parse(arrived)).toEqual({
      command: `say "the [REDACTED:code-name] lands" ${'and more '.repeat(60)}`,
      path: '/tmp',
    });
  });

  it('the provider says that it lives while text is held', async () => {
    let answer: (() => void) | undefined;
    const slow: Answer = async (asked, response) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return FALCONS(asked, response);
    };
    const stage = await remoteStage(BLOCK, slow);
    const flow = stage.open();
    await flow.requestBody(bodyOf('hello', true));
    flow.responseHead(200, ['content-type', 'text/event-stream']);
    const [start, open, ...rest] = streamOf([FILLER.repeat(8)]);
    for (const event of [start, open]) flow.responseData(Buffer.from(event as string));
    expect(flow.responseData(Buffer.from(rest[0] as string))).toEqual([]);
    const ping = 'event: ping\ndata: {"type": "ping"}\n\n';
    expect(flow.responseData(Buffer.from(ping))).toEqual([{ type: 'emit', bytes: ping }]);
    expect(flow.responseData(Buffer.from(': keep-alive\n\n'))).toHaveLength(1);
    answer?.();
    await flow.finish({ ...DONE, result: 'client-aborted' });
  });

  it('says when as much is held as may be, and when it goes on', async () => {
    const stage = await remoteStage(BLOCK);
    const flow = stage.open();
    await flow.requestBody(bodyOf('hello', true));
    const { late } = flow.responseHead(200, ['content-type', 'text/event-stream']);
    const { promise, resolve } = Promise.withResolvers<void>();
    late?.listen((take) => {
      take();
      if (!late.full) resolve();
    });
    let shown = 0;
    for (const event of streamOf(words(FILLER.repeat(200)))) {
      if (late?.full) break;
      flow.responseData(Buffer.from(event));
      shown += event.length;
    }
    expect(late?.full).toBe(true);
    expect(shown).toBeLessThan(120_000);
    await promise;
    await flow.finish({ ...DONE, result: 'client-aborted' });
  });
});

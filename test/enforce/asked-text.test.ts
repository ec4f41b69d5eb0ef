/** Another service at the gate: whatever the pieces and however late the replies, the same text comes out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Edit } from '../../agent/src/core/decision.ts';
import type { Match, RequestDetector } from '../../agent/src/core/finding.ts';
import type { ResponseCommand } from '../../agent/src/core/flow.ts';
import { tearsJson } from '../../agent/src/enforce/asked-text.ts';
import type { Question, ResponseGuardrail, TextEvent } from '../../agent/src/enforce/guardrail.ts';
import {
  createResponseGate,
  type GateFrame,
  type ResponseGate,
} from '../../agent/src/enforce/response-gate.ts';
import { createRandom, cutAtRandom } from '../kit/random-text.ts';

const service: RequestDetector = { id: 'remote:names', scope: 'request', inspect: () => [], windowChars: 60 };

const findAll = (text: string): Match[] =>
  [...text.matchAll(/falcon|osprey/g)].map(({ index, 0: { length } }) => ({
    kind: 'code-name',
    label: 'code name',
    severity: 'high',
    confidence: 'high',
    start: index,
    end: index + length,
  }));

const guardrail = (action: ResponseGuardrail['action']): ResponseGuardrail => ({
  id: 'names',
  action,
  detector: service,
  onFailure: 'block',
  covers: () => true,
  accepts: () => true,
});

function frame(channel: string, text: string, form: TextEvent['form'] = 'delta', json = false): GateFrame {
  const event: TextEvent = {
    type: 'text',
    kind: 'text',
    channel,
    text,
    pointer: '/0',
    editable: true,
    form,
    ...(json && { json }),
  };
  return {
    raw: text,
    events: [event],
    patch: (edits: readonly Edit[]) =>
      edits
        .toReversed()
        .reduce(
          (all, { start, end, replacement }) => all.slice(0, start) + replacement + all.slice(end),
          text,
        ),
  };
}

function open(action: ResponseGuardrail['action']) {
  const questions: Question[] = [];
  const found: string[] = [];
  const gate = createResponseGate({
    guardrails: [guardrail(action)],
    found: (_, { place, start }, editable) => found.push(`${place} ${start}${editable ? '' : ' as it is'}`),
    failed: () => found.push('failed'),
    ask: (question) => questions.push(question),
    lastBytes: () => 'refused',
  });
  return { gate, questions, found };
}

const emitted = (commands: readonly ResponseCommand[]): string =>
  commands.map((command) => (command.type === 'emit' ? String(command.bytes) : '')).join('');

const reply = (gate: ResponseGate, question: Question): readonly ResponseCommand[] =>
  gate.settle(question, { matches: findAll(question.text.text) });

/** Shows the pieces; now and then the oldest open questions are answered. */
function run(action: ResponseGuardrail['action'], pieces: readonly string[], seed: number) {
  const random = createRandom(seed);
  const { gate, questions, found } = open(action);
  const commands: ResponseCommand[] = [];
  const answer = (count: number): void => {
    for (const question of questions.splice(0, count)) commands.push(...reply(gate, question));
  };
  for (const piece of pieces) {
    commands.push(...gate.push(frame('c', piece)));
    answer(random.below(3));
  }
  commands.push(...gate.end());
  while (questions.length > 0) answer(questions.length);
  return { text: emitted(commands), cut: gate.cut, held: gate.heldFrames, found };
}

const word = fc.oneof(
  fc.constantFrom('falcon ', 'osprey', '. ', 'and so on ', 'fal', 'con', '\n', '😀'),
  fc.string({ unit: 'grapheme', maxLength: 15 }),
);
const texts = fc.array(word, { maxLength: 50 }).map((words) => words.join(''));

describe('a gate that asks', () => {
  it('lets out the same redacted text, whatever the pieces and whenever the replies', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (text, seed) => {
        const pieces = cutAtRandom(text, 1 + (seed % 25), createRandom(seed));
        const { text: out, held } = run('redact', pieces, seed);
        expect(held).toBe(0);
        expect(out).toBe(text.replaceAll(/falcon|osprey/g, '[REDACTED:code-name]'));
      }),
      { numRuns: 2_000 },
    );
  });

  it('that blocks never lets out a character of what is found, and tells the same', () => {
    fc.assert(
      fc.property(texts, texts, fc.nat(), (before, after, seed) => {
        const text = `${before} falcon ${after}`;
        const {
          text: out,
          cut,
          found,
        } = run('block', cutAtRandom(text, 1 + (seed % 25), createRandom(seed)), seed);
        const first = findAll(text)[0]?.start ?? -1;
        expect(cut).toBe(true);
        expect(text.slice(0, first).startsWith(out)).toBe(true);
        expect(found[0]).toBe(`c ${first}`);
      }),
      { numRuns: 1_000 },
    );
  });

  it('asks about a repetition only if it says something else, and holds it as long', () => {
    const { gate, questions } = open('redact');
    const text = 'the falcon lands';
    const held = [...gate.push(frame('c', text)), ...gate.push(frame('c', text, 'snapshot'))];
    expect([held, questions.length]).toEqual([[], 1]);
    const other = gate.push(frame('c', 'an osprey lands', 'snapshot'));
    expect([other, questions.length]).toEqual([[], 2]);
    expect(gate.push(frame('c', 'an osprey lands', 'snapshot'))).toEqual([]);
    expect(questions).toHaveLength(2);
    const released = questions.flatMap((question) => reply(gate, question));
    expect(released.map((one) => one.type === 'emit' && one.bytes)).toEqual([
      'the [REDACTED:code-name] lands',
      'the [REDACTED:code-name] lands',
      'an [REDACTED:code-name] lands',
      'an [REDACTED:code-name] lands',
    ]);
  });

  it('that has no reply lets nothing more out if the rule says so', () => {
    const { gate, questions, found } = open('redact');
    gate.push(frame('c', 'the plane lands'));
    gate.end();
    expect(gate.settle(questions[0] as Question, { error: new Error('dead') })).toEqual([
      { type: 'cut', lastBytes: 'refused' },
    ]);
    expect(found).toEqual(['failed']);
  });

  it('stops what it can not take out of JSON without breaking it', () => {
    for (const [json, cut] of [
      ['{"a": "the falcon lands"}', false],
      ['{"a": "x", "falcon": 1}', false],
    ] as const) {
      const { gate, questions } = open('redact');
      gate.push(frame('c', json, 'delta', true));
      gate.end();
      for (const question of questions) reply(gate, question);
      expect(gate.cut).toBe(cut);
    }
    const { gate, questions, found } = open('redact');
    const json = '{"a": "the falcon lands"}';
    gate.push(frame('c', json, 'delta', true));
    gate.end();
    const [whole] = findAll('falcon');
    gate.settle(questions[0] as Question, { matches: [{ ...(whole as Match), end: json.length }] });
    expect([gate.cut, found]).toEqual([true, ['c 0 as it is']]);
  });
});

describe('tearsJson', () => {
  it.each([
    ['{"a": "falcon"}', 7, 13, false],
    ['{"a": "falcon"}', 6, 13, true],
    ['{"a": "falcon"}', 0, 15, true],
    ['{"a": "x\\nfalcon"}', 8, 16, false],
    ['{"a": "x\\nfalcon"}', 9, 16, true],
    ['{"a": "x\\nfalcon"}', 7, 9, true],
    ['{"a": "x\\"y"}', 7, 11, false],
  ])('%s %i–%i: %s', (text, start, end, torn) => {
    expect(tearsJson(text, { start, end })).toBe(torn);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Edit } from '../../agent/src/core/decision.ts';
import type { ExchangeEvent } from '../../agent/src/core/exchange.ts';
import type { Finding } from '../../agent/src/core/finding.ts';
import type { ResponseCommand } from '../../agent/src/core/flow.ts';
import { redactBody } from '../../agent/src/enforce/body.ts';
import { needsGate, type ResponseGuardrail, type TextEvent } from '../../agent/src/enforce/guardrail.ts';
import {
  createResponseGate,
  type GateFrame,
  type ResponseGateOptions,
} from '../../agent/src/enforce/response-gate.ts';
import { createSecretsDetector } from '../../agent/src/guard/secrets/build.ts';
import { createRandom, cutAtRandom, ofShape } from '../kit/random-text.ts';

const detector = createSecretsDetector();
const KEY = ofShape('AKIA{U16}', createRandom(11));
const GITHUB = ofShape('ghp_{A36}', createRandom(12));
const REDACTED_KEY = '[REDACTED:aws-access-key-id]';

const guardrail = (
  action: ResponseGuardrail['action'],
  more: Partial<ResponseGuardrail> = {},
): ResponseGuardrail => ({
  id: `secrets-${action}`,
  action,
  detector,
  onFailure: 'block',
  covers: () => true,
  accepts: (match) => match.confidence === 'high',
  ...more,
});

const text = (channel: string, value: string, more: Partial<TextEvent> = {}): TextEvent => ({
  type: 'text',
  kind: 'text',
  channel,
  text: value,
  pointer: '/0',
  editable: true,
  form: 'delta',
  ...more,
});
const snapshot = (channel: string, value: string) => text(channel, value, { form: 'snapshot' });
const ends = (channel: string): ExchangeEvent => ({ type: 'channel-end', channel });
const END: ExchangeEvent = { type: 'end', reason: 'stop', rawReason: 'stop' };

/** A frame whose wire form is a JSON array of its texts; `/i` points to the i-th. */
function frame(...events: ExchangeEvent[]): GateFrame {
  const texts: string[] = [];
  const placed = events.map((event) =>
    event.type === 'text' ? { ...event, pointer: `/${texts.push(event.text) - 1}` } : event,
  );
  return {
    raw: JSON.stringify(texts),
    events: placed,
    patch(edits: readonly Edit[]) {
      const patched = [...texts];
      for (const { place, start, end, replacement } of edits.toReversed()) {
        const index = Number(place.slice(1));
        const before = patched[index] as string;
        patched[index] = before.slice(0, start) + replacement + before.slice(end);
      }
      return JSON.stringify(patched);
    },
  };
}

function open(guardrails: readonly ResponseGuardrail[], more: Partial<ResponseGateOptions> = {}) {
  const found: [string, Finding][] = [];
  const failed: string[] = [];
  const gate = createResponseGate({
    guardrails,
    found: (one, finding) => found.push([one.id, finding]),
    failed: (one) => failed.push(one.id),
    lastBytes: (cause) => `refused by ${cause.guardrail.id} (${cause.type})`,
    ...more,
  });
  return { gate, found, failed };
}

const emitted = (commands: readonly ResponseCommand[]): string[] =>
  commands.flatMap((command) => (command.type === 'emit' ? [String(command.bytes)] : []));
const textOf = (commands: readonly ResponseCommand[]): string =>
  emitted(commands)
    .flatMap((raw) => JSON.parse(raw) as string[])
    .join('');

describe('response gate: dialogues', () => {
  it('lets ordinary frames through at once, by reference', () => {
    const { gate } = open([guardrail('redact')]);
    const first = frame(text('c', 'Hello there. '));
    expect(gate.push(first)).toEqual([{ type: 'emit', bytes: first.raw }]);
    expect(gate.push(frame({ type: 'unknown', name: 'ping' }))).toHaveLength(1);
    expect(gate.end()).toEqual([]);
  });

  it('holds what may become a finding, and what comes after it, and nothing before', () => {
    const { gate } = open([guardrail('redact')]);
    expect(gate.push(frame(text('c', 'key: ')))).toHaveLength(1);
    expect(gate.push(frame(text('c', 'AKIA')))).toEqual([]);
    expect(gate.push(frame({ type: 'unknown', name: 'ping' }))).toEqual([]);
    expect(gate.heldFrames).toBe(2);
    const released = gate.push(frame(text('c', ' is how they begin')));
    expect(textOf(released)).toBe('AKIA is how they begin');
    expect(released).toHaveLength(3);
  });

  it('redacts a finding that spans frames: placeholder first, the rest removed', () => {
    const { gate, found } = open([guardrail('redact')]);
    const commands = [
      ...gate.push(frame(text('c', `use ${KEY.slice(0, 7)}`))),
      ...gate.push(frame(text('c', KEY.slice(7, 15)))),
      ...gate.push(frame(text('c', `${KEY.slice(15)} now`))),
      ...gate.push(frame(ends('c'))),
    ];
    expect(emitted(commands)).toEqual([`["use ${REDACTED_KEY}"]`, '[""]', '[" now"]', '[]']);
    expect(found).toMatchObject([
      ['secrets-redact', { kind: 'aws-access-key-id', start: 4, end: 24, place: 'c' }],
    ]);
  });

  it('redacts snapshots as it redacted the deltas, and tells the finding once', () => {
    const { gate, found } = open([guardrail('redact')]);
    const whole = `first ${KEY} then ${GITHUB} end`;
    const commands = [
      ...cutAtRandom(whole, 5, createRandom(4)).flatMap((piece) => gate.push(frame(text('c', piece)))),
      ...gate.push(frame(ends('c'))),
    ];
    const repeated = [
      ...gate.push(frame(snapshot('c', whole))),
      ...gate.push(frame(snapshot('c', whole), END)),
    ];
    const expected = `first ${REDACTED_KEY} then [REDACTED:github-personal-token] end`;
    expect(textOf(commands)).toBe(expected);
    expect(textOf(repeated)).toBe(expected + expected);
    expect(found).toHaveLength(2);
  });

  it('finds what only a snapshot says', () => {
    const { gate, found } = open([guardrail('redact')]);
    expect(textOf(gate.push(frame(snapshot('c', `x ${KEY}`))))).toBe(`x ${REDACTED_KEY}`);
    expect(found).toHaveLength(1);
  });

  it('cuts from the frame on in which a blocked finding starts', () => {
    const { gate } = open([guardrail('block')]);
    const commands = [
      ...gate.push(frame(text('c', 'one '))),
      ...gate.push(frame(text('c', `two ${KEY.slice(0, 9)}`))),
      ...gate.push(frame(text('c', `${KEY.slice(9)} three`))),
      ...gate.push(frame(text('c', 'four'))),
      ...gate.end(),
    ];
    expect(commands).toEqual([
      { type: 'emit', bytes: '["one "]' },
      { type: 'cut', lastBytes: 'refused by secrets-block (finding)' },
    ]);
    expect(gate.cut).toBe(true);
  });

  it('decides a secret that the end of the channel completes', () => {
    const { gate } = open([guardrail('redact')]);
    expect(gate.push(frame(text('c', KEY)))).toEqual([]);
    expect(textOf(gate.push(frame(ends('c'))))).toBe(REDACTED_KEY);
  });

  it('keeps channels apart', () => {
    const { gate, found } = open([guardrail('redact')]);
    const commands = [
      ...gate.push(frame(text('a', KEY.slice(0, 10)))),
      ...gate.push(frame(text('b', KEY.slice(10)))),
      ...gate.end(),
    ];
    expect(textOf(commands)).toBe(KEY);
    expect(found).toEqual([]);
  });

  it('one choice may end while another goes on', () => {
    const { gate } = open([guardrail('redact')]);
    const commands = [
      ...gate.push(frame(text('a', KEY.slice(0, 10)))),
      ...gate.push(frame(text('b', 'done'), ends('b'), END)),
      ...gate.push(frame(text('a', KEY.slice(10)))),
      ...gate.push(frame(ends('a'), END)),
    ];
    expect(textOf(commands)).toBe(`${REDACTED_KEY}done`);
  });

  it('without channel ends, the end of the response releases everything', () => {
    const { gate } = open([guardrail('redact')]);
    expect(gate.push(frame(text('a', KEY)))).toEqual([]);
    expect(textOf(gate.push(frame(END)))).toBe(REDACTED_KEY);
  });

  it('warns without holding anything', () => {
    const { gate, found } = open([guardrail('warn', { onFailure: 'warn' })]);
    for (const piece of cutAtRandom(`a ${KEY} b`, 4, createRandom(2))) {
      expect(gate.push(frame(text('c', piece)))).toHaveLength(1);
    }
    expect(found).toHaveLength(1);
  });

  it('does not scan what no guardrail covers', () => {
    const { gate, found } = open([guardrail('block', { covers: (event) => event.kind === 'tool-call' })]);
    expect(textOf([...gate.push(frame(text('c', KEY))), ...gate.end()])).toBe(KEY);
    expect(found).toEqual([]);
  });

  it.each([
    ['block', true],
    ['pass', false],
  ] as const)('signed text that should be redacted: %s', (uneditable, cut) => {
    const { gate, found } = open([guardrail('redact')], { uneditable });
    const signed = text('t', `${KEY} `, { kind: 'thinking', editable: false });
    const commands = [...gate.push(frame(signed)), ...gate.end()];
    expect(gate.cut).toBe(cut);
    expect(textOf(commands)).toBe(cut ? '' : `${KEY} `);
    expect(found).toHaveLength(1);
  });

  it.each([
    ['block', true],
    ['warn', false],
    ['allow', false],
  ] as const)('a detector that throws: %s', (onFailure, cut) => {
    const broken = {
      id: 'broken',
      scan: () => [],
      openStream: () => ({
        push(): never {
          throw new Error('detector failed');
        },
        end: () => ({ matches: [], safeUpTo: 0 }),
      }),
    };
    const { gate, failed } = open([guardrail('redact', { detector: broken, onFailure })]);
    const commands = [...gate.push(frame(text('c', 'x'))), ...gate.end()];
    expect(failed).toEqual(['secrets-redact']);
    expect(gate.cut).toBe(cut);
    expect(textOf(commands)).toBe(cut ? '' : 'x');
  });

  it('a block beats a redaction of the same finding', () => {
    const { gate } = open([guardrail('redact'), guardrail('block')]);
    expect(gate.push(frame(text('c', `${KEY} `)))).toEqual([
      { type: 'cut', lastBytes: 'refused by secrets-block (finding)' },
    ]);
  });
});

describe('response gate: several rules on one finding', () => {
  /** Finds the word, whatever else is in the key that holds it. */
  const words = (word: string, kind: string) => ({
    id: kind,
    scan: (whole: string) =>
      whole.includes(word)
        ? [
            {
              kind,
              label: kind,
              severity: 'low' as const,
              confidence: 'high' as const,
              start: whole.indexOf(word),
              end: whole.indexOf(word) + word.length,
            },
          ]
        : [],
    openStream() {
      let whole = '';
      return {
        push: (delta: string) => {
          whole += delta;
          return { matches: [], safeUpTo: 0 };
        },
        end: () => ({ matches: this.scan(whole), safeUpTo: whole.length }),
      };
    },
  });
  const secrets = guardrail('redact');
  const part = words(KEY.slice(4, 9), 'part');

  it.each<[string, readonly ResponseGuardrail[], string, number]>([
    ['warn and redact: it goes, and both are told', [guardrail('warn'), secrets], `a ${REDACTED_KEY} b`, 2],
    [
      'two that redact: one placeholder',
      [secrets, guardrail('redact', { id: 'too' })],
      `a ${REDACTED_KEY} b`,
      2,
    ],
    [
      'one that overlaps: named after what starts first',
      [guardrail('redact', { id: 'part', detector: part }), secrets],
      `a ${REDACTED_KEY} b`,
      2,
    ],
    [
      'a warning about a part takes nothing out',
      [guardrail('warn', { id: 'part', detector: part })],
      `a ${KEY} b`,
      1,
    ],
    ['one that overlaps and blocks', [secrets, guardrail('block', { id: 'part', detector: part })], '', 2],
    [
      'what is put back and what is taken out: never the value',
      [guardrail('restore', { id: 'back', detector: part, replacementFor: () => 'VALUE' }), secrets],
      `a ${REDACTED_KEY} b`,
      1,
    ],
  ])('%s', (_name, guardrails, shown, told) => {
    for (const ordered of [guardrails, guardrails.toReversed()]) {
      const { gate, found } = open(ordered);
      const commands = [...gate.push(frame(text('c', `a ${KEY} b`))), ...gate.push(frame(ends('c')))];
      expect(textOf(commands)).toBe(shown);
      expect(gate.cut).toBe(shown === '');
      expect(found).toHaveLength(told);
    }
  });
});

describe('response gate: properties', () => {
  const part = fc.oneof(
    fc.constantFrom(
      `${KEY} `,
      `"${GITHUB}"`,
      'AKIA',
      'password = ',
      '😀',
      ' and so on. ',
      'ghp_',
      '\n',
      'sk-',
    ),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
  );
  const texts = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));

  function stream(action: 'redact' | 'block' | 'warn', contents: readonly string[], seed: number) {
    const random = createRandom(seed);
    const { gate, found } = open([guardrail(action, { onFailure: 'warn' })]);
    const rest = contents.map((content, index) => ({
      channel: `c${index}`,
      pieces: cutAtRandom(content, 1 + random.below(20), random),
    }));
    const output = new Map<string, string>();
    const commands: ResponseCommand[] = [];
    const order: string[] = [];
    const take = (some: readonly ResponseCommand[]) => {
      commands.push(...some);
      for (const raw of emitted(some)) {
        const channel = order.shift() as string;
        output.set(channel, (output.get(channel) ?? '') + (JSON.parse(raw) as string[]).join(''));
      }
    };
    while (rest.some(({ pieces }) => pieces.length > 0)) {
      const { channel, pieces } = random.pick(rest.filter((one) => one.pieces.length > 0));
      order.push(channel);
      take(gate.push(frame(text(channel, pieces.shift() as string))));
    }
    take(gate.end());
    return { output: contents.map((_, index) => output.get(`c${index}`) ?? ''), found, commands };
  }

  it('redacted text is the same however it was cut, and holds no secret', () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 3 }), fc.nat(), fc.nat(), (contents, a, b) => {
        const first = stream('redact', contents, a);
        expect(stream('redact', contents, b).output).toEqual(first.output);
        const whole = contents.map((content) => {
          const verdict = redactBody(frame(text('c', content)), {
            guardrails: [guardrail('redact')],
            found: () => {},
            failed: () => {},
          });
          return verdict.type === 'edited' ? (JSON.parse(verdict.body) as string[]).join('') : content;
        });
        expect(first.output).toEqual(whole);
      }),
      { numRuns: 400 },
    );
  });

  it('a stream without findings is byte-identical, frame by frame', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 30 }), { maxLength: 20 }), (pieces) => {
        const { gate, found } = open([guardrail('redact')]);
        const frames = pieces.map((piece) => frame(text('c', piece)));
        const commands = [...frames.flatMap((one) => gate.push(one)), ...gate.end()];
        fc.pre(found.length === 0);
        expect(emitted(commands)).toEqual(frames.map((one) => one.raw));
      }),
    );
  });

  it('a block never lets out a character of the secret, and the verdict is the same however cut', () => {
    fc.assert(
      fc.property(texts, texts, fc.nat(), (before, after, seed) => {
        const content = `${before} ${KEY} ${after}`;
        const { output, commands } = stream('block', [content], seed);
        const firstFinding = detector.scan(content).find((match) => match.confidence === 'high')?.start ?? -1;
        expect(commands.at(-1)?.type).toBe('cut');
        expect(content.slice(0, firstFinding).startsWith(output[0] as string)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('warnings are the same as for the whole text', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (content, seed) => {
        const told = stream('warn', [content], seed).found.map(([, { kind, start, end }]) => ({
          kind,
          start,
          end,
        }));
        const whole = detector.scan(content).filter((match) => match.confidence === 'high');
        expect(told).toEqual(whole.map(({ kind, start, end }) => ({ kind, start, end })));
      }),
      { numRuns: 300 },
    );
  });
});

describe('unstreamed bodies', () => {
  const options = { found: () => {}, failed: () => {} };

  it.each([
    ['redact', `key ${KEY}`, { type: 'edited', body: `["key ${REDACTED_KEY}"]` }],
    ['redact', 'nothing here', { type: 'pass' }],
    ['warn', `key ${KEY}`, { type: 'pass' }],
  ] as const)('%s %#', (action, content, verdict) => {
    expect(redactBody(frame(text('c', content)), { ...options, guardrails: [guardrail(action)] })).toEqual(
      verdict,
    );
  });

  it('refuses with its cause', () => {
    const verdict = redactBody(frame(text('c', `key ${KEY}`)), {
      ...options,
      guardrails: [guardrail('block')],
    });
    expect(verdict).toMatchObject({
      type: 'refuse',
      cause: { finding: { kind: 'aws-access-key-id', start: 4 } },
    });
  });
});

describe('needsGate', () => {
  it.each([
    [[], false],
    [[guardrail('warn', { onFailure: 'warn' })], false],
    [[guardrail('warn')], true],
    [[guardrail('redact', { onFailure: 'warn' })], true],
  ] as const)('%#', (guardrails, expected) => {
    expect(needsGate(guardrails)).toBe(expected);
  });
});

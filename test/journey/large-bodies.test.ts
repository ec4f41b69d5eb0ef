/** Large and hostile bodies: checked all the same, in slices, and never a reason to pass unread. */
import { describe, expect, it } from 'vitest';
import { policyOf } from '../kit/decide.ts';
import { openStage, refusalText, verdictOn } from '../kit/journey-stage.ts';
import { liveLookingAwsKey } from '../kit/office.ts';

const PRETTY_LARGE = 3_000_000;
const KEY = liveLookingAwsKey(9);

const CHAT = '/v1/chat/completions';
const chat = (content: string): string =>
  JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content }] });
describe('a large body', () => {
  it.each([0, 262_144 - 10, 1_000_000, PRETTY_LARGE - 20])(
    'holds a key at %d: found, with pauses',
    async (at) => {
      const filler = 'lorem ipsum '.repeat(PRETTY_LARGE / 12);
      const stage = openStage({ path: CHAT });
      const verdict = await verdictOn(stage, chat(`${filler.slice(0, at)} ${KEY} ${filler.slice(at)}`));
      expect(refusalText(verdict)).toContain('AWS');
      expect(stage.pauses()).toBeGreaterThan(10);
    },
  );

  it('of many small messages holds a key in the last: found, with pauses', async () => {
    const messages = Array.from({ length: 20_000 }, (_, i) => ({
      role: 'user',
      content: `message ${i} ${'x'.repeat(60)}`,
    }));
    messages.push({ role: 'user', content: `use ${KEY}` });
    const stage = openStage({ path: CHAT });
    expect(refusalText(await verdictOn(stage, JSON.stringify({ model: 'm', messages })))).toContain('AWS');
    expect(stage.pauses()).toBeGreaterThan(5);
  });

  it('is redacted in its place', async () => {
    const policy = policyOf(
      'guardrails:\n  - { id: s, detect: secrets, minConfidence: high, on: [request], action: redact }\n',
    );
    const filler = 'lorem ipsum '.repeat(PRETTY_LARGE / 12);
    const verdict = await verdictOn(openStage({ path: CHAT, policy }), chat(`${filler}${KEY} ${filler}`));
    if (verdict.type !== 'forward' || verdict.body === undefined) throw new Error('not redacted');
    const text = Buffer.from(verdict.body).toString('utf8');
    expect(text).not.toContain(KEY);
    expect(text.startsWith(chat(filler).slice(0, -5))).toBe(true);
  });

  it('that is harmless passes untouched', async () => {
    expect(
      await verdictOn(openStage({ path: CHAT }), chat('lorem ipsum '.repeat(PRETTY_LARGE / 12))),
    ).toEqual({
      type: 'forward',
    });
  });
});

describe('a hostile body', () => {
  it.each([
    ['empty arrays', '[],', 3_000_000],
    ['numbers', '1,', 6_000_000],
    ['short texts', '"abcdefgh",', 6_000_000],
  ])('of %s without end is larger than can be checked', async (_, piece, bytes) => {
    const content = `[${piece.repeat(bytes / piece.length)}"${KEY}"]`;
    const body = `{"model":"m","messages":[{"role":"user","content":${content}}]}`;
    expect(refusalText(await verdictOn(openStage({ path: CHAT }), body))).toMatch(
      /larger than the agent can check|AWS/,
    );
  });

  it.each([201, 9_000, 50_000])(
    'nested %d levels deep beside a key is searched all the same',
    async (levels) => {
      const deep = `${'['.repeat(levels)}"x"${']'.repeat(levels)}`;
      const split = `${KEY.slice(0, 4)}\\u00${KEY.charCodeAt(4).toString(16)}${KEY.slice(5)}`;
      const body = `{"model":"m","deep":${deep},"messages":[{"role":"user","content":"use ${split} now"}]}`;
      expect(refusalText(await verdictOn(openStage({ path: CHAT }), body))).toContain('AWS');
    },
  );
});

describe('a body in another encoding', () => {
  const body = chat(`use ${KEY} now`);
  const utf16 = Buffer.from(body, 'utf16le');
  it.each([
    ['UTF-16', utf16],
    ['UTF-16, big end first', Buffer.from(utf16).swap16()],
    [
      'UTF-8 with broken bytes',
      Buffer.concat([Buffer.from(body.slice(0, -4)), Buffer.from([0xff, 0xc3]), Buffer.from(body.slice(-4))]),
    ],
  ])('(%s) is searched like any other, and refused where a rule would edit it', async (_, bytes) => {
    expect(refusalText(await verdictOn(openStage({ path: CHAT }), bytes))).toContain('AWS');
    const policy = policyOf('guardrails: [{ id: s, detect: secrets, action: redact }]\n');
    const verdict = await verdictOn(openStage({ path: CHAT, policy }), bytes);
    expect(refusalText(verdict)).toContain('AWS');
  });

  it('(UTF-8 with a mark) is edited where it is, mark and all', async () => {
    const policy = policyOf('guardrails: [{ id: s, detect: secrets, action: redact }]\n');
    const verdict = await verdictOn(openStage({ path: CHAT, policy }), Buffer.from(`\ufeff${body}`));
    const sent = verdict.type === 'forward' ? Buffer.from(verdict.body ?? '').toString('utf8') : '';
    expect(sent).toBe(`\ufeff${body.replace(KEY, '[REDACTED:aws-access-key-id]')}`);
  });

  it('is searched although it has no end', async () => {
    const deep = Buffer.from(`{"a":${'['.repeat(20_000)}"${KEY}`, 'utf16le');
    expect(refusalText(await verdictOn(openStage({ path: CHAT }), deep))).toContain('AWS');
  });

  it('that it only seems to be in is searched as it came', async () => {
    const noise = Buffer.from(`\u0000\ufffd\u0001 ${KEY} \ufffd`);
    expect(refusalText(await verdictOn(openStage({ path: CHAT }), noise))).toContain('AWS');
  });
});

import { describe, expect, it } from 'vitest';
import { meansExactly, nearestRelative, spellings } from '../../agent/src/account/relatives.ts';

const listed = (...ids: string[]) => ids.map((id) => ({ id, match: { equals: id }, prices: {} }));

describe('spellings', () => {
  it.each([
    ['GPT-5', ['gpt-5']],
    ['models/gemini-2.5-pro', ['models/gemini-2.5-pro', 'gemini-2.5-pro']],
    ['us.anthropic.claude-haiku-4-5-20251001-v1:0', ['claude-haiku-4-5-20251001', 'claude-haiku-4-5']],
    ['claude-sonnet-4@20250514', ['claude-sonnet-4-20250514', 'claude-sonnet-4']],
    ['openai/gpt-4o-2099-01-31', ['gpt-4o-2099-01-31', 'gpt-4o']],
    ['ft:gpt-4o-mini:acme::x1', ['gpt-4o-mini']],
  ])('%s is also %j', (model, others) => {
    const names = spellings(model).map(({ name }) => name);
    expect(names).toEqual([...new Set([model.toLowerCase(), ...others])]);
  });

  it('without its date, or as a fine-tune’s base, it may be another model', () => {
    expect(spellings('gpt-4o-2099-01-31').map(({ sameModel }) => sameModel)).toEqual([true, false]);
    expect(spellings('ft:gpt-4o:acme').map(({ sameModel }) => sameModel)).toEqual([true, false]);
  });
});

describe('the nearest relative', () => {
  const models = listed(
    'claude-opus-4-5',
    'claude-opus-5-5',
    'claude-opus-10-1',
    'claude-haiku-4-5',
    'gpt-5-mini',
  );

  it.each([
    ['claude-opus-4-9', 'claude-opus-4-5'],
    ['claude-opus-6', 'claude-opus-10-1'],
    ['claude-haiku-9', 'claude-haiku-4-5'],
    ['gpt-5-mega', 'gpt-5-mini'],
  ])('of %s is %s', (model, relative) => {
    expect(nearestRelative(model, models)?.id).toBe(relative);
  });

  it('must be of the same family', () => {
    expect(nearestRelative('claude-verse-1', models)).toBeUndefined();
    expect(nearestRelative('gpt-7', models)).toBeUndefined();
  });
});

describe('a pattern means a model exactly', () => {
  it.each([
    [{ equals: 'GPT-5' }, 'gpt-5', true],
    [{ starts_with: 'claude-haiku-4-5' }, 'claude-haiku-4-5-20251001', true],
    [{ starts_with: 'claude-haiku-4-5' }, 'claude-haiku-4-5-latest', true],
    [{ starts_with: 'claude-sonnet-5' }, 'claude-sonnet-5-turbo', false],
    [{ contains: 'claude-v2' }, 'anthropic.claude-v2:1', false],
    [{ regex: '^gpt-5\\.6-sol-\\d{4}$' }, 'gpt-5.6-sol-2026', true],
    [{ and: [{ starts_with: 'gemini-2.5-pro' }, { regex: '^(?!.*tts)' }] }, 'gemini-2.5-pro-ultra', false],
    [{ or: [{ equals: 'a' }, { equals: 'b' }] }, 'b', true],
  ])('%j %s: %s', (match, model, exactly) => {
    expect(meansExactly(match, model)).toBe(exactly);
  });
});

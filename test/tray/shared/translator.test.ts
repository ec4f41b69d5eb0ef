import { describe, expect, it } from 'vitest';
import { de } from '../../../tray-ui/src/shared/i18n/de.ts';
import { en } from '../../../tray-ui/src/shared/i18n/en.ts';
import type { Message } from '../../../tray-ui/src/shared/i18n/messages.ts';
import { nb } from '../../../tray-ui/src/shared/i18n/nb.ts';
import { createTranslator } from '../../../tray-ui/src/shared/i18n/translator.ts';

const sentences = (message: Message): readonly string[] =>
  typeof message === 'string' ? [message] : [message.one, message.other];
const placeholders = (text: string): readonly string[] => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

describe('the catalogue', () => {
  const keys = Object.keys(en) as (keyof typeof en)[];

  it.each([
    ['German', de],
    ['Norwegian', nb],
  ])('has every sentence in %s, with the same things filled in', (_, messages) => {
    expect(Object.keys(messages).sort()).toEqual([...keys].sort());
    for (const key of keys) {
      expect(typeof messages[key], key).toBe(typeof en[key]);
      const wanted = sentences(en[key]).map(placeholders);
      expect(sentences(messages[key]).map(placeholders), key).toEqual(wanted);
      expect(
        sentences(messages[key]).every((sentence) => sentence !== ''),
        key,
      ).toBe(true);
    }
  });

  it('leaves no English among the others, but for names and words that are the same', () => {
    const same = (messages: Readonly<Record<string, Message>>): string[] =>
      keys.filter(
        (key) =>
          en[key] === messages[key] && /[a-z]{4}.* [a-z]{4}/.test(String(en[key]).replace(/\{\w+\}/g, '')),
      );
    expect(same(de)).toEqual([]);
    expect(same(nb)).toEqual([]);
  });
});

describe('the translator', () => {
  const english = createTranslator(['en-US']);

  it.each([
    [['xx', 'de-AT', 'en'], 'de-AT'],
    [['nn-NO'], 'nn-NO'],
    [['no'], 'no'],
    [['fr', 'pt-BR'], 'en'],
    [[], 'en'],
    [['not a tag', 'nb'], 'nb'],
  ])('of %j takes %s', (wanted, locale) => {
    expect(createTranslator(wanted).locale).toBe(locale);
  });

  it('fills in, counts in the plural, and leaves what is missing readable', () => {
    expect(english.t('menu.budgetLeft', { budget: 'day', left: '$1', limit: '$2' })).toBe(
      'day: $1 of $2 left',
    );
    expect(english.t('activity.count', { count: 1 })).toBe('1 call');
    expect(english.t('activity.count', { count: 50_000 })).toBe('50,000 calls');
    expect(createTranslator(['de']).t('activity.count', { count: 50_000 })).toBe('50.000 Aufrufe');
    expect(english.t('menu.key')).toBe('Key: {key}');
  });

  it.each([
    [0, '$0.00'],
    [8_400_000, '$0.0084'],
    [12_345_678, '$0.01'],
    [196_620_000_000, '$196.62'],
    [-500_000_000, '-$0.50'],
  ])('writes %d nano-USD as %s', (nanoUsd, text) => {
    expect(english.money(nanoUsd)).toBe(text);
  });

  it('writes figures as the language does', () => {
    const german = createTranslator(['de-DE']);
    expect(german.money(1_234_560_000_000)).toMatch(/^1\.234,56\s\$$/);
    expect(german.percent(0.805)).toMatch(/^81\s%$/);
    expect(english.bytes(0)).toBe('0 byte');
    expect(english.bytes(1_500)).toBe('1.5 kB');
    expect(english.bytes(2_000_000)).toBe('2 MB');
    expect(english.relative(0, 0)).toBe('now');
    expect(english.relative(0, 3 * 3_600_000)).toBe('3 hours ago');
    expect(english.relative(120_000, 0)).toBe('in 2 minutes');
  });
});

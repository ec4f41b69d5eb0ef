import { describe, expect, it } from 'vitest';
import { createPiiDetector } from '../../../agent/src/guard/pii/detector.ts';

const detector = createPiiDetector('pii', { kinds: ['phone-number'] });
const found = (text: string) =>
  detector.scan(text).map(({ start, end, confidence }) => `${confidence} ${text.slice(start, end)}`);

describe('phone numbers', () => {
  it.each([
    ['+49 30 901820', 'high +49 30 901820'],
    ['(+33 1 42 68 53 00)', 'high +33 1 42 68 53 00'],
    ['tel:+14155552671', 'high +14155552671'],
    ['+44 (0)20 7946 1234', 'high +44 (0)20 7946 1234'],
    ['(415) 555-2671', 'high (415) 555-2671'],
    ['415-555-2671', 'medium 415-555-2671'],
    ['phone: 415.555.2671', 'high 415.555.2671'],
    ['Telefon 030 901820', 'medium 030 901820'],
    ['mobile 07911 123456', 'medium 07911 123456'],
    ['Tlf. 22 22 55 55', 'medium 22 22 55 55'],
    ['{"phone": "4155552671"}', 'medium 4155552671'],
    ['电话：010-6555 1234', 'medium 010-6555 1234'],
  ])('%s', (text, expected) => {
    expect(found(text)).toEqual([expected]);
  });

  it.each([
    '415 555 2671',
    '4155552671',
    '+1 212 555 0147',
    '+999 123 4567',
    '+0123456789',
    'x+14155552671',
    '1+4155552671',
    '111-222-3333',
    '415-555-26711',
    '2024-01-15 10:20',
    'call me on 2024-01-15 or 12.05.2024',
    'mobile since 2007-2009',
    '+0000 +0200 +12345',
    "Decimal('+35236450.6')",
    'call(1234567890123)',
  ])('nothing in %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});

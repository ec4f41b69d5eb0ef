import { describe, expect, it } from 'vitest';
import { cards, hasIssuer } from '../../../agent/src/guard/pii/cards.ts';
import { createPiiDetector } from '../../../agent/src/guard/pii/detector.ts';
import { cardNumber } from '../../kit/personal-numbers.ts';
import { createRandom } from '../../kit/random-text.ts';

const detector = createPiiDetector('pii', { kinds: ['card-number'] });
const random = createRandom(21);
const found = (text: string) =>
  detector.scan(text).map(({ start, end, confidence }) => `${confidence} ${text.slice(start, end)}`);

describe('payment cards', () => {
  it.each([
    ['Visa', '4', 16],
    ['Visa, old', '4', 13],
    ['Mastercard', '55', 16],
    ['Mastercard, 2-series', '2221', 16],
    ['American Express', '37', 15],
    ['Discover', '6011', 16],
    ['Diners Club', '36', 14],
    ['JCB', '3530', 16],
    ['UnionPay', '62', 19],
    ['Maestro', '6759', 18],
    ['Mir', '2202', 16],
  ])('%s (%s…, %i digits) is found', (_, prefix, length) => {
    for (let i = 0; i < 20; i++) {
      const number = cardNumber(random, prefix, length);
      expect(found(`pay with ${number}.`)).toEqual([`high ${number}`]);
    }
  });

  it.each(['1', '0', '2100', '2721', '33', '7', '9000', '560'])('no issuer begins with %s', (prefix) => {
    expect(hasIssuer(prefix.padEnd(16, '2'))).toBe(false);
    const number = cardNumber(random, prefix, 16);
    expect(found(`card number ${number}`)).toEqual([]);
  });

  it('is found with the separators that people use, and with expiry and code behind it', () => {
    const number = cardNumber(random, '4', 16);
    const [a, b, c, d] = number.match(/.{4}/g) as [string, string, string, string];
    for (const separator of [' ', '-', '.', '\u00a0']) {
      const written = [a, b, c, d].join(separator);
      expect(found(`Card ${written} 12/29 123`)).toEqual([`high ${written}`]);
    }
    const amex = cardNumber(random, '34', 15);
    const written = `${amex.slice(0, 4)} ${amex.slice(4, 10)} ${amex.slice(10)}`;
    expect(found(written)).toEqual([`high ${written}`]);
  });

  it('is told with low confidence where it is everybody’s test number', () => {
    for (const number of cards.examples ?? []) {
      expect(cards.isValid(number), number).toBe(true);
      expect(found(`card ${number}`)).toEqual([`low ${number}`]);
    }
  });

  it('is nothing beside the names of other numbers, in a table, or with mixed separators', () => {
    const number = cardNumber(random, '4', 16);
    const groups = number.match(/.{4}/g) as string[];
    for (const text of [
      `"id": ${number}`,
      `order no ${number}`,
      `timestamp=${number}`,
      `${groups.join(' ')} 1234`,
      `9876 ${groups.join(' ')}`,
      `${groups[0]} ${groups[1]}-${groups[2]} ${groups[3]}`,
      `$${number}`,
      `https://acme.test/items/${number}`,
    ]) {
      expect(found(text), text).toEqual([]);
    }
  });
});

import { expect, it } from 'vitest';
import { contextBefore, contextWords } from '../../../agent/src/guard/pii/context.ts';

const words = contextWords(['tax file', 'steuer*', 'naïve', '身份证']);
const isNamed = (text: string) => words.lastIn(contextBefore(text, text.length)) >= 0;

it.each([
  ['tax file number: ', true],
  ['"taxFileNumber": "', true],
  ['TAX_FILE=', true],
  ['tax-file ', true],
  ['"TAXFile": ', true],
  ['Steueridentifikationsnummer ', true],
  ['naive ', true],
  ['我的身份证号码', true],
  ['syntax file ', false],
  ['tax filed ', false],
  ['Besteuerung ', false],
  [`tax file${' x'.repeat(40)} `, false],
  ['tax file 123-456-789, order ', false],
])('the words before %j name it: %s', (text, named) => {
  expect(isNamed(text)).toBe(named);
});

it('tells which of two words stands nearer', () => {
  const other = contextWords(['order']);
  const context = contextBefore('tax file and order ', 19);
  expect(other.lastIn(context)).toBeGreaterThan(words.lastIn(context));
});

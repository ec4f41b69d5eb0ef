import { expect, it } from 'vitest';
import { inOneLine } from '../../agent/src/main/in-one-line.ts';

it('leaves nothing that moves a cursor, begins a line or turns the writing around', () => {
  expect(inOneLine('a demo\n\u001b[2Jwithout\u202e network')).toMatch(/^a demo +\[2Jwithout +network$/);
  expect(inOneLine('Übung für Åse: 100 % 👍')).toBe('Übung für Åse: 100 % 👍');
});

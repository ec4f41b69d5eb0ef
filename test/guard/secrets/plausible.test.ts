import { describe, expect, it } from 'vitest';
import {
  isPassword,
  isRandomToken,
  isReference,
  isTemplate,
  isTrivial,
} from '../../../agent/src/guard/secrets/plausible.ts';
import { createRandom, ofShape } from '../../kit/random-text.ts';

describe('a password', () => {
  it.each(['hunter2Zebra99x', 'Tr0ub4dor.9x', 'aB#4kq', 'x8Kd92mQ!', 'Sommer!Wetter', 'p5$wZ7q'])(
    '%s',
    (value) => {
      expect(isPassword(value)).toBe(true);
    },
  );

  it.each([
    ['everybody knows', 'password1'],
    ['everybody knows', 'Passw0rd!'],
    ['a word', 'correcthorse'],
    ['a word with a mark after it', 'Required!'],
    ['a name with a number', 'field_2'],
    ['names with a number between', 'secret-3-levels'],
    ['a member', 'process.env.DB2'],
    ['a path', '/run/secrets/db1'],
    ['a place', 'https://acme.test/1a'],
    ['an address', 'me2@acme.test'],
    ['an algorithm', 'sha256-rsa'],
    ['a measure', '300px'],
    ['a template', '${' + 'DB_PASSWORD}'],
    ['a pointer', '&emptyPass1x'],
    ['typed along the keyboard', 'abcd1234'],
    ['a number', '20240101'],
  ])('is not %s: %s', (_, value) => {
    expect(isPassword(value)).toBe(false);
  });

  it('made at random nearly always is', () => {
    const random = createRandom(82);
    const made = Array.from({ length: 2000 }, () => ofShape('{A12}', random));
    expect(made.filter(isPassword).length).toBeGreaterThan(1650);
  });
});

describe("a machine's token", () => {
  it('is letters and digits without words in them', () => {
    expect(isRandomToken(ofShape('{A32}', createRandom(1)))).toBe(true);
    for (const value of [
      'getElementById2',
      'application-settings-v2',
      '12345678901234',
      'onlyletters',
      './dist/a1b2c3',
    ]) {
      expect(isRandomToken(value), value).toBe(false);
    }
  });

  it('is no reference, template or default', () => {
    expect(['0x1f2e3d4c', 'urn:ietf:params:oauth', 'api_keys_1.APIKeys'].every(isReference)).toBe(true);
    expect(isReference(ofShape('{A32}', createRandom(2)))).toBe(false);
    expect(['{{ x }}', '$HOME_DIR', '%s'].every(isTemplate)).toBe(true);
    expect(['postgres', 'changeit', 'admin123', 'my_secret'].every(isTrivial)).toBe(true);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json } from '../../../agent/src/record/audit/canonical.ts';

describe('canonical JSON', () => {
  it('writes the example of RFC 8785 section 3.2.3 as the RFC does', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"\u002f',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts keys by UTF-16 code units', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.values(JSON.parse(canonicalJson(value)) as object)).toHaveLength(7);
    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    );
  });

  it('leaves out what is undefined, mends lone surrogates, refuses numbers that JSON lacks', () => {
    expect(canonicalJson({ b: undefined, a: 'x\ud800' })).toBe('{"a":"x\ufffd"}');
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(RangeError);
  });

  it('writes well-formed strings and numbers as ECMAScript does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(canonicalJson(text)).toBe(JSON.stringify(text.toWellFormed()));
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(canonicalJson(number)).toBe(JSON.stringify(number));
      }),
    );
    for (const special of [
      '"',
      '\\',
      '\u0000',
      '\u001f',
      '\u007f',
      '\u2028',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '😀',
    ]) {
      expect(canonicalJson(special)).toBe(JSON.stringify(special));
    }
  });

  it('writes the same whether or not keys are in order already', () => {
    const sorted = { a: ['\\ud800', 'x\ud800', -0], b: { c: 1, d: undefined }, e: null };
    const turned = { e: null, b: { d: undefined, c: 1 }, a: ['\\ud800', 'x\ud800', -0] };
    expect(canonicalJson(sorted)).toBe(canonicalJson(turned));
    expect(canonicalJson(sorted)).toBe('{"a":["\\\\ud800","x\ufffd",0],"b":{"c":1},"e":null}');
    expect(() => canonicalJson({ a: 1, b: [Number.POSITIVE_INFINITY] })).toThrow(RangeError);
  });

  it('is JSON, says the same, and does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as Json);
        expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(turned)).toBe(canonicalJson(value));
      }),
    );
  });
});

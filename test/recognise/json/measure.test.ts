import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonMeasure, MAX_VALUES } from '../../../agent/src/recognise/json/measure.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
function measured(pieces: readonly Uint8Array[]): JsonMeasure {
  const measure = new JsonMeasure();
  for (const piece of pieces) measure.push(piece);
  return measure;
}

/** Counted on the parsed value: what the measure promises of the text. */
function structure(value: unknown, depth = 0): { values: number; nesting: number } {
  if (typeof value !== 'object' || value === null) return { values: 0, nesting: depth };
  const members = Object.values(value);
  let values = 1 + Math.max(0, members.length - 1);
  let nesting = depth + 1;
  for (const member of members) {
    const inner = structure(member, depth + 1);
    values += inner.values;
    nesting = Math.max(nesting, inner.nesting);
  }
  return { values, nesting };
}

describe('JsonMeasure', () => {
  it('counts separators and brackets outside strings, wherever the text is cut', () => {
    const nasty = fc.oneof(
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify(['\\', '"', '\\"[,{', value])),
    );
    fc.assert(
      fc.property(nasty, fc.array(fc.nat(200), { maxLength: 8 }), (text, cuts) => {
        const all = bytes(text);
        const places = [0, ...cuts.map((cut) => cut % (all.length + 1)).sort((a, b) => a - b), all.length];
        const pieces = places.slice(1).map((end, i) => all.subarray(places[i], end));
        const { values, nesting } = measured(pieces);
        expect({ values, nesting }).toEqual(structure(JSON.parse(text)));
      }),
    );
  });

  it('stops at what is too much or too deep', () => {
    expect(measured([bytes('['.repeat(20_000))]).tooDeep).toBe(true);
    expect(measured([bytes('[],'.repeat(MAX_VALUES / 2 + 1))]).tooMuch).toBe(true);
    expect(measured([bytes(`["${',[{'.repeat(MAX_VALUES)}"]`)])).toMatchObject({
      tooMuch: false,
      tooDeep: false,
    });
  });
});

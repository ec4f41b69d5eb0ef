import { describe, expect, it } from 'vitest';
import { modelPlaceOf, pathWithModel } from '../../agent/src/recognise/model-place.ts';

describe('where a model is named', () => {
  it.each([
    [{ model: 'gpt-5' }, '/v1/responses', { in: 'body', pointer: '/model', length: 5 }],
    [
      { type: 'response.create', response: { model: 'gpt-5' } },
      '/v1/responses',
      { in: 'body', pointer: '/response/model', length: 5 },
    ],
    [
      { contents: [] },
      '/v1beta/models/gemini-2.5-pro:generateContent?key=x',
      { in: 'path', start: 15, end: 29 },
    ],
    // The path is what counts, whatever the body says.
    [
      { model: 'other' },
      '/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:streamGenerateContent',
      { in: 'path', start: 52, end: 66 },
    ],
    [{ messages: [] }, '/openai/deployments/my-gpt/chat/completions', undefined],
    [{ model: 5 }, '/v1/chat/completions', undefined],
    ['text', '/v1/chat/completions', undefined],
  ])('%j %s', (body, path, expected) => {
    expect(modelPlaceOf(body, path)).toEqual(expected);
  });

  it('is written into a path percent-encoded', () => {
    const path = '/v1beta/models/a%2Fb:countTokens?x=1';
    const place = modelPlaceOf({}, path);
    if (place?.in !== 'path') throw new Error('it stands in the path');
    expect(pathWithModel(path, place, 'c/d')).toBe('/v1beta/models/c%2Fd:countTokens?x=1');
  });
});

import { describe, expect, it } from 'vitest';
import { DetectorError, isRequestDetector } from '../../../agent/src/core/finding.ts';
import { exchangeOf, partOf, policyOf } from '../../kit/decide.ts';

const rule = (fields: string): string => `guardrails: [{ id: r, detect: remote, action: block, ${fields} }]`;

describe('remote rules', () => {
  it.each([
    ['provider: presidio', /needs url/],
    ['provider: webhook, url: "https://a.example"', /needs credentials/],
    [
      'provider: bedrock, region: eu-north-1, credentials: { file: aws }',
      /needs guardrailId.*needs guardrailVersion/s,
    ],
    ['provider: presidio, url: "https://a.example", region: eu-north-1', /doesn't know region/],
    ['provider: presidio, url: "http://presidio.example/analyze"', /must be https/],
    ['provider: presidio, url: "https://ann:pw@presidio.example/analyze"', /must be https/],
    ['provider: webhook, url: "https://a.example", credentials: { env: KEY }', /env|file/],
    ['provider: patronus, credentials: { file: k }', /needs evaluators/],
  ])('%s', (fields, problem) => {
    expect(() => policyOf(rule(fields))).toThrow(problem);
  });

  it('http is for this machine only', () => {
    for (const host of ['127.0.0.1:5002', '[::1]:5002', 'localhost:5002'])
      expect(() => policyOf(rule(`provider: presidio, url: "http://${host}/analyze"`))).not.toThrow();
  });

  it('outside a running agent nobody is asked, and the rule has failed', async () => {
    const policy = policyOf(rule('provider: presidio, url: "https://a.example/analyze"'));
    const detector = policy.detectors.byKey['remote:r'];
    if (detector === undefined || !isRequestDetector(detector)) throw new Error('no detector');
    const exchange = exchangeOf({ parts: [partOf({ text: 'hello there' })] });
    await expect(detector.inspect({ exchange, bytes: 1, nowMs: 0 })).rejects.toBeInstanceOf(DetectorError);
  });
});

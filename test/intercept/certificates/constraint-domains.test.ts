import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  constraintDomains,
  planConstraints,
} from '../../../agent/src/intercept/certificates/constraint-domains.ts';
import { DomainSet } from '../../../agent/src/intercept/certificates/name-constraints.ts';
import { loadCatalogue } from '../../../policies/catalogue/catalogue.ts';

describe('constraintDomains', () => {
  it.each([
    [['api.openai.com'], ['api.openai.com']],
    [['*.openai.azure.com'], ['openai.azure.com']],
    [['*.api.x.ai', 'api.x.ai', 'x.ai'], ['x.ai']],
    [
      ['b.example.com', 'a.example.com', 'a.example.com'],
      ['a.example.com', 'b.example.com'],
    ],
    [
      ['notopenai.com', 'openai.com'],
      ['notopenai.com', 'openai.com'],
    ],
    [['API.OpenAI.com'], ['api.openai.com']],
    [[], []],
  ])('%j gives %j', (patterns, domains) => {
    expect(constraintDomains(patterns)).toEqual(domains);
  });

  it.each([
    ['*-aiplatform.googleapis.com', 'wildcard'],
    ['bedrock-runtime.*.amazonaws.com', 'wildcard'],
    ['*', 'wildcard'],
    ['*.com', 'too-broad'],
    ['com', 'too-broad'],
    ['localhost', 'too-broad'],
    ['*.co.uk', 'too-broad'],
    ['com.au', 'too-broad'],
    ['*.googleapis.com', 'too-broad'],
    ['amazonaws.com', 'too-broad'],
    ['*.github.io', 'too-broad'],
    ['10.0.0.1', 'ip-address'],
    ['::1', 'ip-address'],
    ['bücher.example', 'not-a-name'],
    ['-x.example.com', 'not-a-name'],
    ['', 'not-a-name'],
    [`${'a'.repeat(64)}.example.com`, 'not-a-name'],
  ])('%s is refused as %s', (pattern, reason) => {
    expect(planConstraints([pattern])).toEqual({ domains: [], refused: [{ pattern, reason }] });
  });

  it('has a domain for every host of the shipped catalogue', () => {
    const hosts = loadCatalogue().services.flatMap((service) => service.hosts);
    expect(planConstraints(hosts).refused).toEqual([]);
  });

  it('permits what the patterns name, and nothing above it', () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,5}$/);
    const name = fc.array(label, { minLength: 3, maxLength: 5 }).map((labels) => `${labels.join('.')}.test`);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 8 }), name, (names, other) => {
        const domains = new DomainSet(constraintDomains(names));
        for (const listed of names) expect(domains.contains(listed)).toBe(true);
        const listed = names.some((n) => other === n || other.endsWith(`.${n}`));
        expect(domains.contains(other)).toBe(listed);
      }),
    );
  });
});

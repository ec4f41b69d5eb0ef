import vm from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildPac } from '../../agent/src/intercept/pac.ts';

/** Runs the script as a browser would, without any of the helper functions that PAC engines offer. */
function evaluate(script: string, url: string): string {
  const context = vm.createContext({});
  vm.runInContext(script, context);
  context['url'] = url;
  context['host'] = new URL(url).hostname;
  return vm.runInContext('FindProxyForURL(url, host)', context) as string;
}

const LISTED = 'PROXY 127.0.0.1:7843; DIRECT';
const script = buildPac(['api.openai.com', '*.internal-llm.acme.com', 'constructor'], '127.0.0.1:7843');

describe('the PAC script', () => {
  it.each([
    ['https://api.openai.com/v1', LISTED],
    ['https://API.OpenAI.com/', LISTED],
    ['https://api.openai.com./', LISTED],
    ['http://api.openai.com:8080/', LISTED],
    ['https://a.internal-llm.acme.com/', LISTED],
    ['https://b.a.internal-llm.acme.com/', LISTED],
    ['https://internal-llm.acme.com/', 'DIRECT'],
    ['https://xinternal-llm.acme.com/', 'DIRECT'],
    ['https://openai.com/', 'DIRECT'],
    ['https://evil-api.openai.com/', 'DIRECT'],
    ['https://api.openai.com.evil.test/', 'DIRECT'],
    ['http://127.0.0.1/', 'DIRECT'],
    ['http://[::1]/', 'DIRECT'],
    ['http://localhost/', 'DIRECT'],
    ['http://toString/', 'DIRECT'],
    ['http://constructor/', LISTED],
    ['http://x.hasOwnProperty/', 'DIRECT'],
  ])('%s: %s', (url, answer) => expect(evaluate(script, url)).toBe(answer));

  it('asks no DNS and uses nothing newer than WinHTTP knows', () => {
    expect(script).not.toMatch(/dnsResolve|isInNet|isResolvable|myIpAddress|\b(const|let)\b|=>|`/);
  });

  it('fails closed where the admin wants that', () => {
    const closed = buildPac(['ai.test'], '[::1]:7843', { whenUnreachable: 'fail' });
    expect(evaluate(closed, 'https://ai.test/')).toBe('PROXY [::1]:7843');
  });

  it('answers for every listed name and no other', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
    const name = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));
    fc.assert(
      fc.property(fc.uniqueArray(name), fc.uniqueArray(name), name, (exact, suffixes, asked) => {
        const made = buildPac([...exact, ...suffixes.map((suffix) => `*.${suffix}`)], '127.0.0.1:1');
        const listed = exact.includes(asked) || suffixes.some((suffix) => asked.endsWith(`.${suffix}`));
        expect(evaluate(made, `https://${asked}/`) === 'DIRECT').toBe(!listed);
      }),
      { numRuns: 60 },
    );
  });

  it.each(['*', '*.', 'a b', 'x";alert(1);"', 'A.test', '*.*.test', 'x/y', '', 'a..b'])(
    'refuses %j',
    (pattern) => {
      expect(() => buildPac([pattern], '127.0.0.1:1')).toThrow(
        expect.objectContaining({ code: 'pac-pattern' }),
      );
    },
  );

  it('refuses an address that is not one', () => {
    expect(() => buildPac([], '127.0.0.1:1; DIRECT"')).toThrow(
      expect.objectContaining({ code: 'pac-pattern' }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { Endpoints, endpointOf } from '../../../agent/src/sync/gateways/endpoints.ts';

const three = () =>
  new Endpoints(['https://a.example', 'https://b.example', 'https://c.example'].map(endpointOf));
const hostOf = (endpoints: Endpoints, nowMs = 0) => endpoints.choose(nowMs)?.hop.target.host;

describe('base URLs', () => {
  it.each([
    ['https://ai.acme.com', 'https', 443, ''],
    ['https://ai.acme.com/v1/', 'https', 443, ''],
    ['https://ai.acme.com:8443/llm/v1', 'https', 8443, '/llm'],
    ['http://127.0.0.1:8787', 'http', 8787, ''],
    ['http://[::1]:8787/x/', 'http', 8787, '/x'],
  ])('%s', (url, scheme, port, basePath) => {
    const { hop } = endpointOf(url);
    expect(hop).toMatchObject({ scheme, basePath, target: { port, configured: true } });
    expect(hop.target.host).not.toContain('[');
  });
});

describe('choice', () => {
  it('is the first one, until something is known', () => {
    expect(hostOf(three())).toBe('a.example');
  });

  it('moves to one that is clearly nearer, and does not flutter', () => {
    const endpoints = three();
    const [a, b] = endpoints.all;
    a?.measured(100, 0);
    b?.measured(95, 0);
    expect(hostOf(endpoints)).toBe('a.example');
    for (let i = 0; i < 10; i++) b?.measured(20, 0);
    expect(hostOf(endpoints)).toBe('b.example');
    for (let i = 0; i < 10; i++) a?.measured(19, 0);
    expect(hostOf(endpoints)).toBe('b.example');
  });

  it('passes by one that is down, and comes back to it when nothing else is left', () => {
    const endpoints = three();
    const [a, b, c] = endpoints.all;
    a?.failed('connect-refused', 0);
    expect(hostOf(endpoints)).toBe('b.example');
    b?.failed('connect-refused', 0);
    c?.failed('connect-refused', 0);
    expect(hostOf(endpoints, 10)).toBeUndefined();
    expect(endpoints.isDown(10)).toBe(true);
    expect(hostOf(endpoints, 1_000)).toBeDefined();
    a?.succeeded(1_000);
    expect(hostOf(endpoints, 1_000)).toBe('a.example');
  });

  it('one broken connection is no outage; two in a row are', () => {
    const endpoints = three();
    const [a] = endpoints.all;
    a?.failed('reset', 0);
    expect(hostOf(endpoints)).toBe('a.example');
    a?.succeeded(0);
    a?.failed('reset', 0);
    expect(hostOf(endpoints)).toBe('a.example');
    a?.failed('reset', 0);
    expect(hostOf(endpoints)).toBe('b.example');
  });

  it('a breaker opens for longer each time, half a minute at most', () => {
    const endpoints = new Endpoints([endpointOf('https://a.example')]);
    const [a] = endpoints.all;
    const openMs = () =>
      [500, 1_500, 3_000, 6_000, 12_000, 20_000, 29_999, 30_001].find((ms) => a?.isUsable(ms));
    const seen: unknown[] = [];
    for (let i = 0; i < 8; i++) {
      a?.failed('connect-timeout', 0);
      seen.push(openMs());
    }
    expect(seen).toEqual([1_500, 3_000, 6_000, 12_000, 20_000, 30_001, 30_001, 30_001]);
  });
});

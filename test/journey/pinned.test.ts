/** Who may open a host by refusing our certificate: a vendor's own app on its own host, never an API script that lacks trust. */
import { describe, expect, it } from 'vitest';
import { createJourney } from '../../agent/src/journey.ts';
import { NOW_MS, starterOf } from '../kit/decide.ts';

function journeyWith(events: string[]) {
  return createJourney({
    policy: () => starterOf('baseline'),
    scan: (detector, text) => detector.scan(text),
    recorder: {
      exchange: () => undefined,
      event: ({ code }) => void events.push(code),
      flush: async () => undefined,
    },
    nowMs: () => NOW_MS,
    newId: () => 'id',
    device: 'laptop',
    user: () => 'ann',
  });
}

describe.each([
  ['api.openai.com', 'unknown-ca', 'inspect'],
  ['api.openai.com', 'reset', 'inspect'],
  ['chatgpt.com', 'reset', 'inspect'],
  ['chatgpt.com', 'certificate-unknown', 'tunnel'],
] as const)('%s, three times %s', (host, cause, route) => {
  it(`is then: ${route}; every failure is recorded`, () => {
    const events: string[] = [];
    const journey = journeyWith(events);
    const target = { host, port: 443 };
    expect(journey.routeConnection(target)).toBe('inspect');
    for (let attempt = 0; attempt < 3; attempt += 1) journey.handshakeFailed(target, cause);
    expect(journey.routeConnection(target)).toBe(route);
    expect(events.filter((code) => code === 'handshake-failed')).toHaveLength(3);
    expect(events.includes('pinned-client')).toBe(route === 'tunnel');
  });
});

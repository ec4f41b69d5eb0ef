/** Which connections are opened up. Who may open a host by refusing our certificate: a vendor's own app on its own host, never an API script that lacks trust. */
import { describe, expect, it } from 'vitest';
import { policyOf, starterOf } from './kit/decide.ts';
import { openJourney } from './kit/dialogue.ts';

const HEAD = {
  method: 'GET',
  scheme: 'https',
  authority: { host: 'chatgpt.com', port: 443 },
  path: '/',
  headers: [],
  httpVersion: '1.1',
  webSocket: false,
  hasBody: false,
} as const;
const CONNECTION = {
  id: 'c',
  openedAtMs: 0,
  target: HEAD.authority,
  clientPort: 1,
  serverName: HEAD.authority.host,
  protocol: 'http/1.1',
} as const;
/** A client that was looked for and not found. */
const NOBODY = { process: undefined };

describe.each([
  ['api.openai.com', 'unknown-ca', 'inspect'],
  ['api.openai.com', 'reset', 'inspect'],
  ['chatgpt.com', 'reset', 'inspect'],
  ['chatgpt.com', 'certificate-unknown', 'tunnel'],
] as const)('%s, three times %s', (host, cause, route) => {
  it(`is then: ${route}; every failure is recorded`, () => {
    const { governor: journey, events: records } = openJourney(starterOf('baseline'));
    const target = { host, port: 443 };
    expect(journey.routeConnection(target)).toBe('inspect');
    for (let attempt = 0; attempt < 3; attempt += 1) journey.handshakeFailed(target, cause);
    expect(journey.routeConnection(target, NOBODY)).toBe(route);
    const events = records.map(({ code }) => code);
    expect(events.filter((code) => code === 'handshake-failed')).toHaveLength(3);
    expect(events.includes('pinned-client')).toBe(route === 'tunnel');
  });
});

describe('a connection', () => {
  const routeOf = (yaml: string, host: string) =>
    openJourney(yaml).governor.routeConnection({ host, port: 443 });

  it.each([
    ['', 'api.openai.com', 'inspect'],
    ['', 'bank.example', 'tunnel'],
    ['', 'openai.com.bank.example', 'tunnel'],
    ['services: [{ match: openai, mode: tunnel }]', 'api.openai.com', 'tunnel'],
    ['services: [{ match: openai, mode: block }]', 'api.openai.com', 'inspect'],
    [
      'services: [{ match: "*.llm.acme.test", mode: direct, dialect: openai-chat }]',
      'a.llm.acme.test',
      'inspect',
    ],
    ['services: [{ match: openai, mode: tunnel, when: \'app.id == "codex"\' }]', 'api.openai.com', 'inspect'],
  ])('%s: %s is a matter to %s', (yaml, host, route) => {
    expect(routeOf(yaml, host)).toBe(route);
  });

  it('is opened again some time after a pinned client has given up', () => {
    const journey = openJourney(starterOf('baseline'));
    const target = { host: 'chatgpt.com', port: 443 };
    for (let attempt = 0; attempt < 3; attempt += 1) journey.governor.handshakeFailed(target, 'unknown-ca');
    expect(journey.governor.routeConnection(target, NOBODY)).toBe('tunnel');
    journey.wait(11 * 60_000);
    expect(journey.governor.routeConnection(target)).toBe('inspect');
  });

  it('is opened to the program that refuses us, and to no other', () => {
    const journey = openJourney(starterOf('baseline'));
    const { governor } = journey;
    const target = { host: 'chatgpt.com', port: 443 };
    const app = { pid: 7, executable: '/opt/chat/chatgpt', command: 'chatgpt' };
    const again = { ...app, pid: 8 };
    const editor = { pid: 9, executable: '/usr/bin/code', command: 'code' };
    for (let attempt = 0; attempt < 3; attempt += 1)
      governor.handshakeFailed(target, 'unknown-ca', { ...app, pid: attempt });
    expect(governor.routeConnection(target)).toBe('ask-process');
    expect(governor.routeConnection(target, { process: again })).toBe('tunnel');
    expect(governor.routeConnection(target, { process: editor })).toBe('inspect');
    expect(governor.routeConnection(target, NOBODY)).toBe('inspect');
    expect(journey.events.at(-1)).toMatchObject({
      code: 'pinned-client',
      detail: "chatgpt.com: chatgpt doesn't accept our certificate",
    });
    journey.wait(11 * 60_000);
    expect(governor.routeConnection(target)).toBe('inspect');
  });

  it('stays shut to programs that could not be told apart once one of them has been let in', () => {
    const { governor } = openJourney(starterOf('baseline'));
    const target = { host: 'chatgpt.com', port: 443 };
    const browser = { pid: 1, executable: '/usr/bin/firefox', command: 'firefox' };
    const app = { pid: 7, executable: '/opt/chat/chatgpt', command: 'chatgpt' };
    governor.openFlow(HEAD, { ...CONNECTION, process: browser });
    for (let attempt = 0; attempt < 3; attempt += 1) governor.handshakeFailed(target, 'unknown-ca');
    expect(governor.routeConnection(target, NOBODY)).toBe('inspect');
    // Somebody else's success says nothing about a program that is known.
    for (let attempt = 0; attempt < 3; attempt += 1) governor.handshakeFailed(target, 'unknown-ca', app);
    expect(governor.routeConnection(target, { process: app })).toBe('tunnel');
  });

  it.each([
    ['/usr/bin/curl', undefined],
    ['/usr/bin/python3.11', 'chat.py'],
    ['/usr/bin/node', undefined],
    ['/usr/lib/firefox-esr/firefox-esr', undefined],
  ])('is never opened to %s, which pins nothing', (executable, script) => {
    const { governor } = openJourney(starterOf('baseline'));
    const target = { host: 'chatgpt.com', port: 443 };
    const process = { pid: 7, executable, command: undefined, ...(script !== undefined && { script }) };
    for (let attempt = 0; attempt < 9; attempt += 1) governor.handshakeFailed(target, 'unknown-ca', process);
    expect(governor.routeConnection(target)).toBe('inspect');
  });

  it('of a pinned client stays shut where the policy says block', () => {
    const journey = openJourney('failure: { pinnedClient: block }\n');
    const target = { host: 'chatgpt.com', port: 443 };
    for (let attempt = 0; attempt < 9; attempt += 1) journey.governor.handshakeFailed(target, 'unknown-ca');
    expect(journey.governor.routeConnection(target, NOBODY)).toBe('inspect');
  });

  it.each([
    ['chatgpt.com', 'tunnel', 3, 'tunnel'],
    ['chatgpt.com', 'tunnel', 2, 'inspect'],
    ['chatgpt.com', 'inspect', 9, 'inspect'],
    ['api.openai.com', 'tunnel', 9, 'inspect'],
  ])('to %s, whose policy is %s, after %i bot checks is a matter to %s', (host, choice, times, route) => {
    const journey = openJourney(`failure: { challengedSite: ${choice} }\n`);
    for (let check = 0; check < times; check += 1) {
      const flow = journey.governor.openFlow(
        {
          method: 'GET',
          scheme: 'https',
          authority: { host, port: 443 },
          path: '/',
          headers: ['host', host],
          httpVersion: '1.1',
          webSocket: false,
          hasBody: false,
        },
        {
          id: 'c',
          openedAtMs: 0,
          target: { host, port: 443 },
          clientPort: 1,
          serverName: host,
          protocol: 'http/1.1',
        },
      );
      flow.responseHead(403, ['cf-mitigated', 'challenge']);
    }
    const target = { host, port: 443 };
    expect(journey.governor.routeConnection(target)).toBe(route);
    expect(journey.events.some(({ code }) => code === 'challenged-site')).toBe(
      times >= 3 && host === 'chatgpt.com',
    );
    journey.wait(11 * 60_000);
    expect(journey.governor.routeConnection(target)).toBe('inspect');
  });

  it('follows a new policy at once', () => {
    const journey = openJourney('');
    journey.use(policyOf('services: [{ match: openai, mode: tunnel }]\n'));
    expect(journey.governor.routeConnection({ host: 'api.openai.com', port: 443 })).toBe('tunnel');
  });
});

it('an incident is an event with the policy of its time', () => {
  const journey = openJourney('');
  journey.governor.incident('tls-failed', 'x');
  expect(journey.events).toMatchObject([{ code: 'tls-failed', detail: 'x', policy: { name: 'test' } }]);
});

/** What is fetched beside the calls: health, quotas; and what becomes of the answers. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OwnReply, OwnRequest, SendHttp } from '../../../agent/src/core/http.ts';
import { scheduleGateway } from '../../../agent/src/sync/gateways/schedule.ts';
import { sendToLoopback } from '../../../agent/src/sync/loopback-http.ts';
import { NOW_MS } from '../../kit/decide.ts';
import { startBifrost } from '../../kit/gateways/bifrost.ts';
import { openCentral, SECRET, testKeys } from '../../kit/gateways/central.ts';
import type { ContractServer } from '../../kit/gateways/contract-server.ts';
import { readRecording } from '../../kit/gateways/recordings.ts';

const servers: ContractServer[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) await server.stop();
});

const reply = (status: number, body = '{}', type = 'application/json'): OwnReply => ({
  status,
  headers: ['content-type', type],
  body: Buffer.from(body),
});
const says = (answer: OwnReply | Error): SendHttp & { asked: OwnRequest[] } => {
  const asked: OwnRequest[] = [];
  const send = (request: OwnRequest): Promise<OwnReply> => {
    asked.push(request);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return Object.assign(send, { asked });
};
const CHAT_CALL = {
  mode: 'gateway',
  service: 'openai',
  dialect: 'openai-chat',
  operation: 'generate',
  method: 'POST',
  path: '/v1/chat/completions',
  model: 'x',
} as const;
const WHO = { user: 'u', device: 'd', app: 'a', service: 'openai', decisionId: 'i' };
const failure = (code: string) => Object.assign(new Error(code), { code });

describe('health', () => {
  it.each<[string, OwnReply | Error, string, string | undefined]>([
    ['any answer', reply(404), 'up', undefined],
    ['a server error', reply(503), 'unknown', undefined],
    ['a login page', reply(200, '<html>', 'text/html'), 'down', 'not-a-gateway'],
    ['a redirect', reply(302), 'down', 'not-a-gateway'],
    ['nobody listens', failure('ECONNREFUSED'), 'down', 'connect-refused'],
    ['no such name', failure('dns-failed'), 'down', 'dns-failed'],
    ['a proxy that wants credentials', failure('proxy-auth'), 'down', 'proxy-auth'],
    ['a bad certificate', failure('certificate-invalid'), 'down', 'certificate-invalid'],
    ['silence', new DOMException('late', 'TimeoutError'), 'down', 'connect-timeout'],
  ])('%s', async (_name, answer, state, cause) => {
    const gateway = openCentral({ send: says(answer) });
    await gateway.probeQuiet(0);
    expect(gateway.view()).toMatchObject({ state });
    expect(gateway.view().endpoints[0]?.cause).toBe(cause);
  });

  it('asks without the key', async () => {
    const send = says(reply(200));
    await openCentral({ send }).probeQuiet(0);
    expect(send.asked.map(({ url }) => url.href)).toEqual(['https://ai.acme.com/health']);
    expect(JSON.stringify(send.asked)).not.toContain(SECRET);
  });

  it('is told once when it goes, and once when it comes back', async () => {
    const told: string[] = [];
    let answer: OwnReply | Error = failure('ECONNREFUSED');
    const gateway = openCentral({
      send: (request) => says(answer)(request),
      log: (code) => void told.push(code),
    });
    await gateway.probeQuiet(0);
    await gateway.probeQuiet(0);
    answer = reply(200);
    await gateway.probeQuiet(0);
    await gateway.probeQuiet(0);
    expect(told).toEqual(['gateway-unreachable', 'gateway-reachable']);
  });
});

describe('the quota', () => {
  it('of a contract server, over its own wire', async () => {
    const server = await startBifrost();
    servers.push(server);
    server.setQuota({
      virtual_key_name: 'ada-laptop',
      is_active: true,
      budgets: [{ max_limit: 10, current_usage: 4, reset_duration: '1d' }],
      rate_limit: { request_max_limit: 60, request_reset_duration: '1m' },
    });
    const keys = testKeys({ name: 'ada', secret: server.key });
    const gateway = openCentral({
      baseUrls: [`http://127.0.0.1:${server.port}`],
      keys,
      send: sendToLoopback,
    });
    await gateway.refreshQuota();
    expect(gateway.view()).toMatchObject({ key: 'ada', quota: { keyName: 'ada-laptop' } });
    const { budgets, limits } = gateway.terms('ada');
    expect(budgets[0]).toMatchObject({ id: 'gateway-key', scope: 'key', limitNanoUsd: 6e9, action: 'block' });
    expect(limits[0]).toMatchObject({ requestsPerMinute: 60 });
    expect(gateway.terms('grace').budgets).toEqual([]);
    keys.use({ name: 'grace', secret: 'unknown-there' });
    expect(gateway.view().quota).toBeUndefined();
    await gateway.refreshQuota();
    expect(keys.refusals).toEqual([['grace', 'unknown']]);
    expect(gateway.view().quotaProblem).toBe('the key "grace" is not accepted');
  });

  it.each<[string, OwnReply | Error, RegExp | undefined]>([
    ['is not offered', reply(404), undefined],
    ['is a login page', reply(200, '<html>', 'text/html'), /web page/],
    ['is not JSON', reply(200, 'hello'), /status 200/],
    ['is of another shape', reply(200, '[]'), /is not what/],
    // Somebody else's sign-in, before the gateway: no word against the key.
    ['is behind a sign-in', reply(401, '{"error":{"message":"Unauthorized"}}'), /status 401: Unauthorized/],
    ['can not be asked', failure('connect-timeout'), /connect-timeout/],
  ])('that %s leaves calls to the gateway', async (_name, answer, problem) => {
    const keys = testKeys();
    const gateway = openCentral({ send: says(answer), keys });
    await gateway.refreshQuota();
    const { quotaProblem, quota } = gateway.view();
    expect(quota).toBeUndefined();
    expect(keys.refusals).toEqual([]);
    if (problem === undefined) expect(quotaProblem).toBeUndefined();
    else expect(quotaProblem).toMatch(problem);
  });

  it.each<[string, string, boolean]>([
    ['that tells of the key', '{"is_active":true}', true],
    ['of a key that is off', '{"is_active":false}', false],
    ['of a key that has expired', '{"is_active":true,"expires_at":"2020-01-01T00:00:00Z"}', false],
  ])('%s speaks for it, or not', async (_name, body, accepted) => {
    const keys = testKeys();
    await openCentral({ send: says(reply(200, body)), keys }).refreshQuota();
    expect(keys.acceptances).toEqual(accepted ? ['ada'] : []);
  });

  it('of a key that has ended since stops calls, and whoever keeps the keys is told', async () => {
    const keys = testKeys();
    let nowMs = NOW_MS;
    const body = JSON.stringify({ is_active: true, expires_at: new Date(NOW_MS + 60_000).toISOString() });
    const gateway = openCentral({ send: says(reply(200, body)), keys, nowMs: () => nowMs });
    await gateway.refreshQuota();
    const route = () => gateway.route(CHAT_CALL, WHO, keys.active());
    expect(route()).toMatchObject({ type: 'send' });
    expect(keys.refusals).toEqual([]);
    nowMs += 60_000;
    expect(route()).toMatchObject({ type: 'refused', refusal: { kind: 'inactive-key' } });
    expect(keys.refusals).toEqual([['ada', 'expired']]);
  });

  it('an old one stays in force while a new one can not be had', async () => {
    let answer: OwnReply | Error = reply(200, '{"is_active":true,"budgets":[{"max_limit":1}]}');
    const gateway = openCentral({ send: (request) => says(answer)(request) });
    await gateway.refreshQuota();
    answer = failure('reset');
    await gateway.refreshQuota();
    expect(gateway.terms('ada').budgets).toHaveLength(1);
    expect(gateway.view().quotaProblem).toBe('reset');
  });
});

describe("LiteLLM's quota, in its own words", () => {
  const { answers } = readRecording('litellm', 'quota');
  const recorded = (name: string): OwnReply => {
    const { status = 0, body = '' } = answers.find(({ api }) => api === name) ?? {};
    return reply(status, body);
  };
  const litellm = (bodies: Readonly<Record<string, OwnReply>>, keys = testKeys()) => {
    const send: SendHttp = ({ url }) => Promise.resolve(bodies[url.pathname] ?? reply(404));
    return { gateway: openCentral({ kind: 'litellm', send, keys }), keys };
  };
  const OF_ADA = reply(200, '{"info":{"key_alias":"ada","max_budget":4,"user_id":"ada"}}');

  it('is kept where the owner may not be asked for', async () => {
    const { gateway, keys } = litellm({ '/key/info': OF_ADA, '/user/info': recorded('not-theirs') });
    await gateway.refreshQuota();
    expect(gateway.view()).toMatchObject({ quota: { keyName: 'ada', budgets: [{ limitUsd: 4 }] } });
    expect(keys.refusals).toEqual([]);
  });

  it('is unknown, and the key none the worse, where the proxy has no database', async () => {
    const words = recorded('no-database');
    const { gateway, keys } = litellm({ '/key/info': words });
    await gateway.refreshQuota();
    expect(gateway.view().quotaProblem).toMatch(/status 500: .*Database not connected/);
    const team = litellm({
      '/key/info': reply(401, readRecording('litellm', 'no-database').answers[0]?.body),
    });
    await team.gateway.refreshQuota();
    expect([...keys.refusals, ...team.keys.refusals]).toEqual([]);
  });
});

describe('the schedule', () => {
  const times = { quotaMs: 60_000, quietMs: 60_000, tickMs: 2_000, settleMs: 250 };
  const quotaReads = (send: ReturnType<typeof says>) =>
    send.asked.filter(({ url }) => url.pathname.endsWith('/quota')).length;

  it('reads at the start, then about once a minute, and once after any number of refusals', async () => {
    vi.useFakeTimers();
    const send = says(reply(200, '{"is_active":true}'));
    const gateway = openCentral({ send, nowMs: () => Date.now() });
    const schedule = scheduleGateway(gateway, times);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(quotaReads(send)).toBe(1);
    await vi.advanceTimersByTimeAsync(45_000);
    expect(quotaReads(send)).toBe(1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(quotaReads(send)).toBe(2);
    for (let i = 0; i < 5; i++)
      gateway.refused({ name: 'ada', secret: SECRET }, { kind: 'budget', message: '' });
    await vi.advanceTimersByTimeAsync(300);
    expect(quotaReads(send)).toBe(3);
    schedule.close();
  });

  it('reads and probes at once when the machine wakes', async () => {
    vi.useFakeTimers();
    const send = says(reply(200, '{"is_active":true}'));
    const schedule = scheduleGateway(openCentral({ send, nowMs: () => Date.now() }), times);
    await vi.advanceTimersByTimeAsync(3_000);
    const before = send.asked.length;
    vi.setSystemTime(Date.now() + 8 * 3_600_000);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(send.asked.length).toBe(before + 2);
    schedule.close();
  });

  it('of a gateway that is well and used, asks nothing but the quota', async () => {
    vi.useFakeTimers();
    const send = says(reply(200, '{"is_active":true}'));
    const gateway = openCentral({ send, nowMs: () => Date.now() });
    const schedule = scheduleGateway(gateway, times);
    await vi.advanceTimersByTimeAsync(1_000);
    const [hop] = [gateway.route(CHAT_CALL, WHO, { name: 'ada', secret: SECRET })].flatMap((route) =>
      route.type === 'send' ? [route.hop] : [],
    );
    if (hop === undefined) throw new Error('no way');
    for (let minute = 0; minute < 5; minute++) {
      await vi.advanceTimersByTimeAsync(50_000);
      gateway.answered(hop);
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(send.asked.filter(({ url }) => url.pathname === '/health')).toHaveLength(1);
    schedule.close();
  });
});

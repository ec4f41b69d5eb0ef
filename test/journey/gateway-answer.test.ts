/** Answers of gateways that aren't the model's, and what the client gets instead. */
import { describe, expect, it } from 'vitest';
import { headerValue } from '../../agent/src/core/connection.ts';
import type { RoutedMode } from '../../agent/src/core/gateway.ts';
import { isToBeJudged, judgeAnswer } from '../../agent/src/journey/gateway-answer.ts';
import { openCentral, SECRET } from '../kit/gateways/central.ts';

const gateway = openCentral();
const JSON_TYPE = ['content-type', 'application/json'];
const HTML = ['content-type', 'text/html; charset=utf-8'];
const decision = {
  id: 'd-1',
  decision: 'allow',
  effective: 'allow',
  mode: 'gateway',
  service: 'openai',
  app: { id: 'x', name: 'X', identifiedBy: 'none' },
  model: 'gpt-4o',
  operation: 'generate',
  reasons: [],
  edits: [],
  policy: { name: 'p', revision: 'r' },
} as const;

const judge = (
  status: number,
  body: unknown,
  headers: readonly string[] = JSON_TYPE,
  mode: RoutedMode = 'gateway',
) =>
  judgeAnswer({
    gateway,
    mode,
    key: { name: 'ada', secret: SECRET },
    decision,
    dialect: 'openai-chat',
    status,
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const own = (type: string, message: string) => ({ type, status_code: 1, error: { message } });
const provider = (message: string) => ({ error: { message, type: 'x', code: null } });

describe('what the client gets', () => {
  it.each<[string, ReturnType<typeof judge>, number | 'as it is', RegExp]>([
    ['a budget', judge(402, own('budget_exceeded', '10 of 10')), 400, /budget is used up: 10 of 10\./],
    ['a limit, soon over', judge(429, own('rate_limited', 'resets in 7s')), 429, /limit per time/],
    ['a limit, over tomorrow', judge(429, own('token_limited', 'resets in 20h')), 400, /limit per time/],
    ["a provider's 429", judge(429, provider('slow down')), 'as it is', /passed on an error/],
    ["a provider's 400", judge(400, provider('max_tokens')), 'as it is', /passed on an error/],
    ["a provider's 500", judge(500, provider('oops')), 'as it is', /passed on an error/],
    ['an unknown 401', judge(401, provider('bad key of the gateway')), 400, /refused the call: bad key/],
    ['an unknown 403', judge(403, 'nope', ['content-type', 'text/plain']), 400, /refused the call\./],
    [
      "the app's own 401, passed through",
      judge(401, provider('token expired'), JSON_TYPE, 'passthrough'),
      'as it is',
      /passed on/,
    ],
    ['a login page', judge(200, '<html>', HTML), 400, /captive portal/],
    ['a sign-in for the network', judge(511, '<html>', HTML), 400, /captive portal/],
    ['a redirect', judge(302, ''), 400, /captive portal/],
    ["a load balancer's page", judge(503, '<html>', HTML), 503, /status 503/],
    ['a page for an unknown path', judge(404, '<html>', HTML), 400, /status 404/],
  ])('%s', (_name, { decision: after, verdict }, status, words) => {
    expect(verdict.type === 'refuse' ? verdict.response.status : 'as it is').toBe(status);
    expect(after.reasons.map(({ text }) => text).join(' ') + JSON.stringify(verdict)).toMatch(words);
  });

  it('says when to come back', () => {
    const { verdict } = judge(429, own('rate_limited', 'x'), [...JSON_TYPE, 'retry-after', '12']);
    const headers = verdict.type === 'refuse' ? verdict.response.headers : [];
    expect(headerValue(headers, 'retry-after')).toBe('12');
    expect(headerValue(headers, 'x-should-retry')).toBeUndefined();
    const policy = judge(402, own('budget_exceeded', 'x')).verdict;
    expect(headerValue(policy.type === 'refuse' ? policy.response.headers : [], 'x-should-retry')).toBe(
      'false',
    );
  });

  it('never the key, whoever wrote it there', () => {
    const refused = judge(401, own('virtual_key_not_found', `no such key: ${SECRET}`));
    const passed = judge(400, provider(`you sent ${SECRET}`));
    expect(
      JSON.stringify([
        refused,
        passed,
        String(passed.verdict.type === 'forward' && Buffer.from(passed.verdict.body ?? [])),
      ]),
    ).not.toContain(SECRET);
  });

  it('no more than a few lines of it', () => {
    const { decision: after } = judge(402, own('budget_exceeded', 'word '.repeat(500)));
    expect(after.reasons.at(-1)?.text.length).toBeLessThan(300);
  });
});

it('answers of the model are none of these', () => {
  expect([
    isToBeJudged(200, JSON_TYPE),
    isToBeJudged(246, JSON_TYPE),
    isToBeJudged(200, ['content-type', 'text/event-stream']),
    isToBeJudged(200, HTML),
    isToBeJudged(400, JSON_TYPE),
  ]).toEqual([false, false, false, true, true]);
});

import { describe, expect, it } from 'vitest';
import type { Action } from '../../agent/src/core/decision.ts';
import { decideHead, decideRequest, decideUnread } from '../../agent/src/decide/decide.ts';
import { callOf, exchangeOf, findingOf, partOf, policyOf, requestOf, starterOf } from '../kit/decide.ts';

const UNKNOWN = { id: 'unknown', name: 'an unknown program', identifiedBy: 'none' } as const;
const CURL = { id: 'curl', name: 'curl', identifiedBy: 'header' } as const;

describe('decideHead', () => {
  it('reads what carries a prompt that it can read, and passes the rest', () => {
    const compiled = policyOf('');
    expect(decideHead(compiled, callOf(compiled))).toEqual({ type: 'read' });
    const control = callOf(compiled, {
      url: 'https://api.anthropic.com/api/claude_code/settings',
      method: 'GET',
    });
    expect(decideHead(compiled, control)).toMatchObject({
      type: 'pass',
      decision: {
        decision: 'allow',
        effective: 'allow',
        mode: 'direct',
        operation: 'control',
        service: 'anthropic',
        reasons: [{ rule: { kind: 'default' } }],
      },
    });
  });

  it.each<[string, 'pass' | 'refuse', Action]>([
    ['allow', 'pass', 'allow'],
    ['warn', 'pass', 'warn'],
    ['block', 'refuse', 'block'],
  ])('treats prompts in unread formats as the policy says: %s', (setting, type, decision) => {
    const compiled = policyOf(`failure: { unreadableRequest: ${setting} }\n`);
    const call = callOf(compiled, {
      url: 'https://claude.ai/api/organizations/o/chat_conversations/c/completion',
    });
    expect(decideHead(compiled, call)).toMatchObject({
      type,
      decision: { decision, reasons: [{ rule: { kind: 'failure', id: 'failure.unreadableRequest' } }] },
    });
    const page = callOf(compiled, { url: 'https://claude.ai/', method: 'GET' });
    expect(decideHead(compiled, page), 'a page is no prompt').toMatchObject({
      type: 'pass',
      decision: { decision: 'allow' },
    });
  });

  it('reads unknown formats that are text, searches them, and still says that it did not understand them', () => {
    const url = 'https://claude.ai/api/organizations/o/chat_conversations/c/completion';
    const compiled = policyOf('guardrails:\n  - { id: g, detect: secrets, action: block }\n');
    const options = { url, readableAsText: true };
    expect(decideHead(compiled, callOf(compiled, options))).toEqual({ type: 'read' });
    const exchange = exchangeOf({ dialect: 'opaque', model: undefined });
    const clean = decideRequest(compiled, requestOf(compiled, { exchange }, options));
    expect(clean).toMatchObject({
      decision: 'warn',
      reasons: [{ rule: { id: 'failure.unreadableRequest' } }],
    });
    expect(clean.reasons[0]?.text).toContain('was sent after a search of its plain text');
    const found = decideRequest(
      compiled,
      requestOf(compiled, { exchange, findings: [findingOf()] }, options),
    );
    expect(found.decision).toBe('block');
    const control = { url: 'https://api.anthropic.com/api/event_logging/v2/batch', readableAsText: true };
    expect(decideHead(compiled, callOf(compiled, control)), 'housekeeping is no prompt').toMatchObject({
      type: 'pass',
    });
  });

  it("refuses a blocked service on every path, with the rule's message", () => {
    const compiled = policyOf(
      'services:\n  - { match: [anthropic], mode: block, message: Use the gateway. }\n',
    );
    for (const url of ['https://api.anthropic.com/v1/messages', 'https://api.anthropic.com/v1/models']) {
      expect(decideHead(compiled, callOf(compiled, { url }))).toMatchObject({
        type: 'refuse',
        decision: {
          decision: 'block',
          effective: 'block',
          mode: 'block',
          reasons: [{ rule: { kind: 'service', id: 'services[0]' }, message: 'Use the gateway.' }],
        },
      });
    }
  });

  it('lets shadow mode pass what it would refuse, and still looks inside', () => {
    const compiled = policyOf(
      'services:\n  - { match: "kind:api", mode: block }\nrollout: { shadow: true }\n',
    );
    expect(decideHead(compiled, callOf(compiled))).toEqual({ type: 'read' });
    expect(decideRequest(compiled, requestOf(compiled))).toMatchObject({
      decision: 'block',
      effective: 'allow',
      mode: 'direct',
    });
    const control = callOf(compiled, { url: 'https://api.anthropic.com/v1/models' });
    expect(decideHead(compiled, control)).toMatchObject({
      type: 'pass',
      decision: { decision: 'block', effective: 'allow' },
    });
  });

  it('asks the service rules in order; the first whose condition is met wins', () => {
    const compiled = policyOf(`services:
  - { match: openai, mode: block }
  - { match: anthropic, mode: gateway, when: 'app == "codex"' }
  - { match: "*", mode: passthrough, when: 'app == "claude-code"' }
  - { match: anthropic, mode: block }
`);
    const control = { url: 'https://api.anthropic.com/v1/models' };
    expect(decideHead(compiled, callOf(compiled, control))).toMatchObject({
      type: 'pass',
      decision: { mode: 'passthrough' },
    });
    expect(decideHead(compiled, callOf(compiled, { ...control, app: CURL }))).toMatchObject({
      type: 'refuse',
    });
  });

  it('waits for the body where a service rule asks for the model', () => {
    const compiled = policyOf(
      `services:\n  - { match: anthropic, mode: block, when: 'model.startsWith("claude-opus")' }\n`,
    );
    expect(decideHead(compiled, callOf(compiled))).toEqual({ type: 'read' });
    expect(decideRequest(compiled, requestOf(compiled))).toMatchObject({ decision: 'allow', mode: 'direct' });
    const opus = { exchange: exchangeOf({ model: 'claude-opus-4-1' }) };
    expect(decideRequest(compiled, requestOf(compiled, opus))).toMatchObject({
      decision: 'block',
      mode: 'block',
    });
    const control = callOf(compiled, { url: 'https://api.anthropic.com/v1/models' });
    expect(decideHead(compiled, control)).toMatchObject({ type: 'pass' });
  });

  it('leaves tunnelled services alone, even on a host that is decrypted for another', () => {
    const compiled = policyOf(
      'services:\n  - { match: chatgpt-web, mode: tunnel }\napps: { default: deny }\n',
    );
    const call = callOf(compiled, { url: 'https://chatgpt.com/backend-api/conversation', app: UNKNOWN });
    expect(decideHead(compiled, call)).toMatchObject({
      type: 'pass',
      decision: { mode: 'tunnel', decision: 'allow' },
    });
  });
});

describe('apps', () => {
  const compiled = policyOf(`apps:
  default: deny
  rules:
    - { match: claude-code, state: denied, when: 'time.getHours("Europe/Oslo") >= 22', message: Good night. }
    - { match: [claude-code, codex], state: allowed }
    - { match: [curl], state: denied, message: Use an SDK. }
`);

  it.each([
    [
      'a denied app, by its rule',
      CURL,
      { decision: 'block', reasons: [{ rule: { kind: 'app', id: 'apps[2]' }, message: 'Use an SDK.' }] },
    ],
    [
      'an app that is not listed',
      UNKNOWN,
      { decision: 'block', reasons: [{ rule: { kind: 'app', id: 'apps.default' } }] },
    ],
  ])('refuses %s', (_, app, decision) => {
    expect(decideHead(compiled, callOf(compiled, { app }))).toMatchObject({ type: 'refuse', decision });
  });

  it('allows a listed app, by the hour', () => {
    expect(decideHead(compiled, callOf(compiled))).toEqual({ type: 'read' });
    const late = Date.UTC(2026, 10, 24, 21, 30);
    expect(decideHead(compiled, callOf(compiled, { nowMs: late }))).toMatchObject({
      type: 'refuse',
      decision: { reasons: [{ message: 'Good night.' }] },
    });
  });
});

describe('models', () => {
  const compiled = policyOf(`models:
  - { match: [gpt-4o-mini], action: allow }
  - { match: ["gpt-4*", "claude-opus-*"], action: block, message: Use a smaller model. }
  - { match: "*preview*", action: warn }
  - { match: "gemini*", action: block, when: 'request.tools[3] == "x"' }
  - { match: "llama*", action: allow, when: 'request.tools[3] == "x"' }
`);
  const decide = (model: string | undefined) =>
    decideRequest(compiled, requestOf(compiled, { exchange: exchangeOf({ model }) }));

  it.each<[string | undefined, Action]>([
    ['gpt-4o-mini', 'allow'],
    ['gpt-4o', 'block'],
    ['openai/gpt-4o', 'block'],
    ['Claude-Opus-4', 'block'],
    ['o9-preview-1', 'warn'],
    ['gpt-5', 'allow'],
    [undefined, 'allow'],
    ['gemini-3', 'block'],
    ['llama-4', 'warn'],
  ])('%s: %s', (model, action) => {
    expect(decide(model).decision).toBe(action);
  });

  it('names the model and the rule', () => {
    expect(decide('gpt-4o').reasons).toEqual([
      {
        rule: { kind: 'model', id: 'models[1]' },
        action: 'block',
        text: 'The policy doesn\'t allow the model "gpt-4o" here (models[1]).',
        message: 'Use a smaller model.',
        findings: [],
      },
    ]);
    expect(decide(`gpt-4${'\u001b[31m'}${'x'.repeat(500)}`).reasons[0]?.text).not.toContain('\u001b');
  });
});

describe('guardrails', () => {
  const SECRETS =
    'guardrails:\n  - { id: no-secrets, detect: secrets, minConfidence: high, action: block, message: Use the vault. }\n  - { id: maybe, detect: secrets, action: warn }\n';

  it('blocks the certain and warns on the rest', () => {
    const compiled = policyOf(SECRETS);
    const decide = (confidence: 'low' | 'high') =>
      decideRequest(compiled, requestOf(compiled, { findings: [findingOf({ confidence })] }));
    expect(decide('high')).toMatchObject({ decision: 'block', effective: 'block', edits: [] });
    expect(decide('high').reasons.map(({ rule, action }) => [rule.id, action])).toEqual([
      ['no-secrets', 'block'],
      ['maybe', 'warn'],
    ]);
    expect(decide('high').reasons[0]?.text).toBe(
      'The rule "no-secrets" found an AWS access key in your message.',
    );
    expect(decide('low')).toMatchObject({ decision: 'warn' });
  });

  it.each<[string, Record<string, unknown>, boolean]>([
    ['kinds: ["github-*"]', { kind: 'github-token' }, true],
    ['kinds: ["github-*"]', { kind: 'aws-access-key-id' }, false],
    ['minSeverity: high', { severity: 'medium' }, false],
    ['minSeverity: high', { severity: 'critical' }, true],
    ['on: [tool-result]', { partKind: 'tool-result', role: 'tool' }, true],
    ['on: [tool-result]', { partKind: 'text' }, false],
    ['on: [request]', { partKind: 'tool-result', role: 'tool' }, true],
    ['on: [response]', {}, false],
    ['on: [tool-call]', { partKind: 'tool-call' }, false],
    ['minConfidence: low', { detector: 'pii' }, false],
    [`when: 'findings.exists(f, f.kind == "jwt")'`, {}, false],
    [`when: 'service == "anthropic"'`, {}, true],
  ])('%s with %o applies: %s', (setting, finding, applies) => {
    const compiled = policyOf(`guardrails:\n  - { id: g, detect: secrets, action: block, ${setting} }\n`);
    const { decision } = decideRequest(compiled, requestOf(compiled, { findings: [findingOf(finding)] }));
    expect(decision).toBe(applies ? 'block' : 'allow');
  });

  it('redacts, with typed placeholders', () => {
    const compiled = policyOf('guardrails:\n  - { id: r, detect: secrets, action: redact }\n');
    const findings = [findingOf({ start: 40, end: 60, kind: 'jwt' }), findingOf()];
    expect(decideRequest(compiled, requestOf(compiled, { findings }))).toMatchObject({
      decision: 'redact',
      edits: [
        { place: '/messages/0/content', start: 10, end: 30, replacement: '[REDACTED:aws-access-key-id]' },
        { place: '/messages/0/content', start: 40, end: 60, replacement: '[REDACTED:jwt]' },
      ],
    });
  });

  it('blocks instead of redacting what the provider has signed', () => {
    const compiled = policyOf('guardrails:\n  - { id: r, detect: secrets, action: redact }\n');
    const exchange = exchangeOf({
      parts: [partOf({ pointer: '/t', kind: 'thinking', role: 'assistant', editable: false })],
    });
    const findings = [findingOf({ place: '/t', partKind: 'thinking', role: 'assistant' })];
    const decision = decideRequest(compiled, requestOf(compiled, { exchange, findings }));
    expect(decision).toMatchObject({ decision: 'block', edits: [] });
    expect(decision.reasons[0]?.text).toContain('signed');
  });

  it('keeps no edits when another rule blocks, or in shadow mode', () => {
    const both = 'guardrails:\n  - { id: r, detect: secrets, action: redact }\n';
    const shadow = policyOf(`${both}rollout: { shadow: true }\n`);
    expect(decideRequest(shadow, requestOf(shadow, { findings: [findingOf()] }))).toMatchObject({
      decision: 'redact',
      effective: 'allow',
      edits: [],
    });
    const blocked = policyOf(`${both}models:\n  - { match: "*", action: block }\n`);
    expect(decideRequest(blocked, requestOf(blocked, { findings: [findingOf()] }))).toMatchObject({
      decision: 'block',
      edits: [],
    });
  });

  it.each<[string, Action]>([
    ['action: warn', 'warn'],
    ['action: block', 'block'],
    ['action: block, onFailure: allow', 'allow'],
    ['action: warn, onFailure: block', 'block'],
  ])('handles a failed detector by the rule (%s: %s) and always tells', (setting, action) => {
    const compiled = policyOf(`guardrails:\n  - { id: g, detect: secrets, ${setting} }\n`);
    const decision = decideRequest(
      compiled,
      requestOf(compiled, { failures: [{ detector: 'secrets', why: 'timed out' }] }),
    );
    expect(decision.decision).toBe(action);
    expect(decision.reasons).toMatchObject([
      {
        rule: { kind: 'failure', id: 'g' },
        action,
        text: 'The rule "g" couldn\'t search this: its detector timed out.',
      },
    ]);
  });

  it("handles a condition that can't be evaluated by the rule's failure mode", () => {
    const compiled = policyOf(
      `guardrails:\n  - { id: g, detect: secrets, action: warn, onFailure: block, when: 'request.tools[3] == "x"' }\n`,
    );
    const decision = decideRequest(compiled, requestOf(compiled, { findings: [findingOf()] }));
    expect(decision).toMatchObject({ decision: 'block', reasons: [{ rule: { kind: 'failure', id: 'g' } }] });
    expect(
      decideRequest(compiled, requestOf(compiled)).decision,
      'no finding, no need for the condition',
    ).toBe('allow');
  });
});

it('decideUnread follows the failure settings and the service rules', () => {
  const compiled = policyOf('failure: { oversizedRequest: block, unreadableRequest: warn }\n');
  expect(decideUnread(compiled, callOf(compiled), 'oversized')).toMatchObject({
    decision: 'block',
    reasons: [{ rule: { id: 'failure.oversizedRequest' } }],
  });
  expect(decideUnread(compiled, callOf(compiled), 'unreadable')).toMatchObject({ decision: 'warn' });
});

describe('starter policies decide', () => {
  it.each<['observe' | 'baseline' | 'strict', Action, Action, Action]>([
    ['observe', 'warn', 'warn', 'warn'],
    ['baseline', 'block', 'warn', 'warn'],
    ['strict', 'block', 'block', 'redact'],
  ])('%s: high %s, medium %s, low %s', (name, ...expected) => {
    const compiled = starterOf(name);
    const decided = (['high', 'medium', 'low'] as const).map(
      (confidence) =>
        decideRequest(
          compiled,
          requestOf(compiled, {
            findings: [findingOf({ confidence, partKind: 'tool-result', role: 'tool' })],
          }),
        ).decision,
    );
    expect(decided).toEqual(expected);
  });

  it('baseline taps answers, strict gates them', () => {
    expect(starterOf('observe').scan).toMatchObject({
      request: { reach: 'observe' },
      response: { reach: 'observe' },
    });
    expect(starterOf('baseline').scan).toMatchObject({
      request: { reach: 'enforce' },
      response: { reach: 'observe' },
    });
    expect(starterOf('strict').scan).toMatchObject({
      request: { reach: 'enforce' },
      response: { reach: 'enforce' },
    });
  });

  it('strict refuses chat sites, uninspectable tools and unknown programs, but not coding tools', () => {
    const compiled = starterOf('strict');
    const verdict = (url: string, app = CURL as typeof CURL | typeof UNKNOWN) =>
      decideHead(compiled, callOf(compiled, { url, app })).type;
    expect(verdict('https://claude.ai/')).toBe('refuse');
    expect(verdict('https://api2.cursor.sh/')).toBe('refuse');
    expect(verdict('https://api.anthropic.com/v1/messages', UNKNOWN)).toBe('refuse');
    expect(verdict('https://api.anthropic.com/v1/messages')).toBe('read');
    expect(verdict('https://bedrock-runtime.us-east-1.amazonaws.com/model/x/invoke')).toBe('refuse');
  });
});

describe('scan plans', () => {
  it('search nothing that no rule asks for', () => {
    expect(policyOf('').scan).toMatchObject({
      request: { detectors: [], reach: 'none' },
      response: { detectors: [], reach: 'none' },
    });
    const { scan } = policyOf(
      'guardrails:\n  - { id: a, detect: secrets, action: block, on: [tool-result] }\n  - { id: b, detect: secrets, action: redact, on: [tool-call] }\n',
    );
    expect([scan.request.wants('secrets', 'tool-result'), scan.request.wants('secrets', 'text')]).toEqual([
      true,
      false,
    ]);
    expect([scan.response.wants('secrets', 'tool-call'), scan.response.wants('secrets', 'text')]).toEqual([
      true,
      false,
    ]);
    const roles = policyOf('guardrails: [{ id: a, detect: secrets, action: warn, roles: [user, tool] }]\n')
      .scan.request;
    expect(
      (['system', 'user', 'assistant', 'tool'] as const).map((role) => roles.wants('secrets', 'text', role)),
    ).toEqual([false, true, false, true]);
    expect(
      policyOf(
        'rollout: { shadow: true }\nguardrails:\n  - { id: a, detect: secrets, action: block, on: [response] }\n',
      ).scan.response.reach,
    ).toBe('observe');
  });
});

it('costs microseconds where no condition is asked', () => {
  const compiled = starterOf('baseline');
  const headers = [
    'Host',
    'api.anthropic.com',
    'User-Agent',
    'claude-cli/2.1',
    'Accept',
    '*/*',
    'x-app',
    'cli',
    'Content-Type',
    'application/json',
  ];
  const exchange = exchangeOf();
  const once = () => {
    const location = compiled.locate('api.anthropic.com', 'POST', '/v1/messages?beta=true', false)!;
    const call = { id: 'd', nowMs: 0, user: 'u', device: 'd', app: compiled.identifyApp(headers), location };
    decideHead(compiled, call);
    return decideRequest(compiled, { ...call, exchange, bytes: 1024, findings: [], failures: [] });
  };
  for (let i = 0; i < 20_000; i++) once();
  const rounds = 5;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const startedMs = performance.now();
    for (let i = 0; i < 5_000; i++) once();
    best = Math.min(best, (performance.now() - startedMs) / 5);
  }
  if (process.env['POSTERN_SHOW_COST']) process.stdout.write(`decide: ${best.toFixed(2)} µs per call\n`);
  // The budget is 5 µs on a quiet machine; the test leaves room for a busy one.
  expect(best).toBeLessThan(20);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bindings, type ConditionFacts } from '../../agent/src/decide/condition/bindings.ts';
import { compileCondition } from '../../agent/src/decide/condition/compile.ts';
import { CATALOGUE, CLAUDE, exchangeOf, findingOf, NOW_MS, partOf } from '../kit/decide.ts';

const service = CATALOGUE.services.find(({ id }) => id === 'anthropic')!;
const FACTS: ConditionFacts = {
  user: 'anna',
  device: 'laptop-7',
  app: CLAUDE,
  appKind: 'cli',
  service,
  host: 'api.anthropic.com',
  operation: 'generate',
  nowMs: NOW_MS,
  exchange: exchangeOf({
    tools: ['Bash', 'Read'],
    parts: [
      partOf({ text: 'x'.repeat(400) }),
      partOf({ kind: 'image', text: undefined, mediaType: 'image/png', bytes: 5000 }),
    ],
  }),
  bytes: 2048,
  tokensEstimate: undefined,
};
const FINDINGS = [
  findingOf(),
  findingOf({ kind: 'jwt', severity: 'medium', confidence: 'low', partKind: 'tool-result', role: 'tool' }),
];

function evaluate(source: string, facts: Partial<ConditionFacts> = {}, findings = FINDINGS) {
  const compiled = compileCondition(source);
  if (!compiled.ok) throw new Error(`${compiled.message} ${compiled.mend}`);
  return compiled.condition.evaluate(new Bindings({ ...FACTS, ...facts }, findings));
}

describe('conditions', () => {
  it.each<[string, boolean]>([
    ['true', true],
    ['app.id in ["claude-code", "codex"]', true],
    ['app in ["codex"]', false],
    ['app == "claude-code" && app.kind == "cli"', true],
    ['user == "anna" && user.id == "anna" && device == "laptop-7"', true],
    ['service == "anthropic" && service.kind == "api" && service.host.endsWith("anthropic.com")', true],
    ['model.startsWith("claude-")', true],
    ['model.matches("^claude-(opus|sonnet)-4.*$")', true],
    ['operation == "generate"', true],
    ['request.bytes > 1000 && request.bytes <= 2048', true],
    ['request.tokensEstimate == 100', true],
    ['request.stream', true],
    ['"Bash" in request.tools', true],
    ['size(request.attachments) > 0 && request.attachments[0].mediaType == "image/png"', true],
    ['request.attachments.exists(a, a.bytes > 4000)', true],
    ['findings.exists(f, f.kind == "aws-access-key-id" && f.confidence == "high")', true],
    ['findings.all(f, f.severity == "critical")', false],
    ['findings.exists(f, f.place.startsWith("/messages/0"))', true],
    ['findings.filter(f, f.part == "tool-result").size() == 1', true],
    ['findings.map(f, f.kind) == ["aws-access-key-id", "jwt"]', true],
    ['time.getHours() == 10 && time.getHours("Europe/Oslo") == 11', true],
    ['time.getDayOfWeek("Europe/Oslo") in [1, 2, 3, 4, 5]', true],
    ['time > timestamp("2026-11-24T09:59:59Z") && time < timestamp("2027-01-01T00:00:00Z")', true],
    ['!(request.bytes > 10) ? user == "x" : user == "anna"', true],
    ['has(app.id)', true],
  ])('%s is %s', (source, expected) => {
    expect(evaluate(source)).toEqual({ ok: true, value: expected });
  });

  it('sees absent values as empty', () => {
    expect(
      evaluate(
        'model == "" && request.bytes == 0 && size(request.tools) == 0',
        { exchange: undefined, bytes: 0 },
        [],
      ),
    ).toEqual({ ok: true, value: true });
  });

  it.each([['1 / (request.bytes - 2048) > 0'], ['request.tools[7] == "x"']])(
    '%s is an error when evaluated, not an exception',
    (source) => {
      expect(evaluate(source)).toMatchObject({ ok: false, error: expect.any(String) });
    },
  );

  it.each<[string, string, string]>([
    [
      'app.nam == "x"',
      'There is no field "nam" here (at character 4 of the condition).',
      'Did you mean "name"?',
    ],
    [
      'modle == "x"',
      'There is no "modle" in conditions (at character 1 of the condition).',
      'Did you mean "model"?',
    ],
    [
      'model.startWith("x")',
      'There is no function "startWith" (at character 6 of the condition).',
      'Did you mean "startsWith"?',
    ],
    [
      'request.bytes > "10"',
      '">" can\'t work with a whole number and a text (at character 15 of the condition).',
      'Compare and combine values of one type.',
    ],
    [
      'request.attachments > 0',
      '">" can\'t work with a list and a whole number (at character 21 of the condition).',
      'Compare its length, size(...), or use "in".',
    ],
    ['request.bytes', 'This condition gives a whole number.', 'Compare it, so that it gives true or false.'],
    ['model.matches("(")', "This pattern isn't valid", 'Use RE2 syntax.'],
    [
      'model.matches(user.id)',
      "The pattern of matches() isn't a literal text",
      'Write the pattern in quotes.',
    ],
    ['time.getHours("Oslo") > 3', 'There is no time zone "Oslo"', 'Write it like "Europe/Oslo".'],
    [
      'app.id ==',
      "This isn't a condition: character 8",
      'Check the expression at that place; texts need quotes.',
    ],
    ['findings.exists(f, f.kid == "x")', 'There is no field "kid" here', 'Did you mean "kind"?'],
    ['model.exists(c, c == "x")', 'This loops over a text', 'Loop over a list.'],
    [
      '{"a": 1} == {"a": 1}',
      'Maps and messages have no use in a condition',
      'Use lists, comparisons and the functions of CEL.',
    ],
  ])('refuses %s', (source, message, mend) => {
    const compiled = compileCondition(source);
    expect(compiled).toMatchObject({ ok: false, mend });
    expect(!compiled.ok && compiled.message).toContain(message);
  });

  it('says whether a rule has to wait for the body', () => {
    const needs = (source: string) => {
      const compiled = compileCondition(source);
      return compiled.ok && [compiled.condition.needsBody, compiled.condition.needsFindings];
    };
    expect(needs('app == "codex" && time.getHours() > 1')).toEqual([false, false]);
    expect(needs('model == "x"')).toEqual([true, false]);
    expect(needs('size(findings) > 0')).toEqual([true, true]);
  });

  it('sees no more of a long name than anyone would write', () => {
    const exchange = exchangeOf({ model: 'm'.repeat(1e6), tools: ['t'.repeat(1e6)] });
    expect(evaluate('size(model) == 256 && size(request.tools[0]) == 256', { exchange })).toEqual({
      ok: true,
      value: true,
    });
  });

  it('bounds hostile expressions when they are compiled', () => {
    const nested = `${'('.repeat(900)}true${')'.repeat(900)}`;
    const loops = 'findings.all(a, findings.all(b, findings.all(c, true)))';
    const heavy = `findings.all(a, findings.all(b, ${Array(20).fill('a.kind != ""').join(' && ')}))`;
    const long = Array(300).fill('user == "a"').join(' || ');
    const startedMs = performance.now();
    for (const source of [
      nested,
      loops,
      heavy,
      long,
      'model.matches("(?:a?){200}a{200}")',
      'findings.all(a, findings.all(b, a.kind.matches("[a-z]{100,200}")))',
      `${'['.repeat(1900)}`,
      `app${'.id'.repeat(600)} == ""`,
      '"'.repeat(1999),
    ]) {
      expect(compileCondition(source), source.slice(0, 40)).toMatchObject({ ok: false });
    }
    expect(performance.now() - startedMs).toBeLessThan(1500);
  });

  it('bounds what an accepted expression can cost', () => {
    const findings = Array.from({ length: 5000 }, (_, i) =>
      findingOf({ kind: `kind-${i}`, confidence: 'low' }),
    );
    findings.push(findingOf({ kind: 'needle' }));
    const startedMs = performance.now();
    expect(
      evaluate('findings.all(a, findings.all(b, a.kind != "" && b.kind != ""))', {}, findings),
    ).toMatchObject({ ok: true });
    expect(
      evaluate('findings.exists(f, f.kind == "needle")', {}, findings),
      'noise must not hide the strong one',
    ).toEqual({ ok: true, value: true });
    expect(
      evaluate('model.matches("^(a+)+$")', { exchange: exchangeOf({ model: `${'a'.repeat(250)}!` }) }),
    ).toEqual({ ok: true, value: false });
    // 128 times 128 evaluations: a pattern that is compiled at each takes ten seconds.
    expect(
      evaluate(
        'findings.all(a, findings.all(b, a.kind.matches("^[a-z]+-?[0-9]*$") && b.kind != ""))',
        {},
        findings,
      ),
    ).toEqual({ ok: true, value: true });
    expect(performance.now() - startedMs).toBeLessThan(4000);
  });

  it('never throws while compiling, whatever the text', () => {
    const piece = fc.constantFrom(
      'app',
      '.id',
      '==',
      '"x"',
      '(',
      ')',
      '[',
      ']',
      '&&',
      '!',
      '-',
      'findings',
      '.exists(f, ',
      'f.kind',
      '1',
      '1u',
      '2.0',
      'in',
      '?',
      ':',
      'has(',
      '{',
      '}',
      'null',
      'b"x"',
      'duration("1s")',
      'type(1)',
      'time',
      '.getHours()',
      '+',
      ',',
      'google.protobuf.Any{}',
      'size(',
      'dyn(',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 12 }).map((all) => all.join(' ')),
        ),
        (source) => {
          const compiled = compileCondition(source);
          if (compiled.ok) compiled.condition.evaluate(new Bindings(FACTS, FINDINGS));
          else expect(compiled.mend).not.toBe('');
        },
      ),
      { numRuns: 400 },
    );
  });
});

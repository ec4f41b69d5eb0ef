import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../policies/catalogue/catalogue.ts';
import { parsePolicy } from '../../policies/schema/parse-policy.ts';
import { formatProblems, type Problem } from '../../policies/schema/problem.ts';

const catalogue = loadCatalogue();

function problemsOf(text: string): readonly Problem[] {
  const parsed = parsePolicy(text, 'acme.yaml', { catalogue });
  expect(parsed.ok).toBe(false);
  return parsed.ok ? [] : parsed.problems;
}

const HEAD = 'postern: 1\nname: acme\n';

describe('parsePolicy', () => {
  it('fills in defaults', () => {
    const parsed = parsePolicy(HEAD, 'acme.yaml');
    expect(parsed).toMatchObject({
      ok: true,
      policy: {
        services: [],
        apps: { default: 'allow', rules: [] },
        privacy: { content: 'never', retentionDays: 30 },
        failure: { unreadableRequest: 'warn', oversizedRequest: 'block' },
        rollout: { shadow: false },
      },
    });
  });

  it('lets a rule fail open if it would only warn, and closed if it would stop', () => {
    const parsed = parsePolicy(
      `${HEAD}guardrails:\n  - {id: a, detect: secrets, action: warn}\n  - {id: b, detect: secrets, action: redact}\n  - {id: c, detect: secrets, action: block, onFailure: allow}\n`,
      'acme.yaml',
    );
    expect(parsed.ok && parsed.policy.guardrails.map(({ onFailure }) => onFailure)).toEqual([
      'warn',
      'block',
      'allow',
    ]);
  });

  it('takes a single value for a list, and JSON for YAML', () => {
    const yaml = parsePolicy(`${HEAD}services:\n  - match: openai\n    mode: direct\n`, 'a');
    const json = parsePolicy(
      '{"name":"acme","services":[{"mode":"direct","match":["openai"]}],"postern":1}',
      'b',
    );
    expect(yaml.ok && yaml.policy.services[0]?.match).toEqual(['openai']);
    expect(yaml.ok && json.ok && yaml.revision === json.revision).toBe(true);
  });

  it('changes the revision with the meaning only', () => {
    const revision = (text: string) => {
      const parsed = parsePolicy(text, 'x');
      return parsed.ok ? parsed.revision : undefined;
    };
    const one = revision(HEAD);
    expect(one).toMatch(/^[0-9a-f]{12}$/);
    expect(revision(`# a comment\n${HEAD}privacy: { retentionDays: 30 }\n`)).toBe(one);
    expect(revision(`${HEAD}privacy: { retentionDays: 31 }\n`)).not.toBe(one);
  });

  it.each<[string, string, Partial<Problem>]>([
    [
      'an unknown key',
      `${HEAD}gaurdrails: []\n`,
      {
        line: 3,
        column: 1,
        field: 'gaurdrails',
        message: 'There is no setting "gaurdrails" here.',
        mend: 'Did you mean "guardrails"? Otherwise remove it.',
      },
    ],
    [
      'an unknown key far inside',
      `${HEAD}guardrails:\n  - id: a\n    detect: secrets\n    acton: block\n    action: block\n`,
      {
        line: 6,
        column: 5,
        field: 'guardrails[0].acton',
        mend: 'Did you mean "action"? Otherwise remove it.',
      },
    ],
    [
      'a key with no relative',
      `${HEAD}privacy:\n  zzzzzz: 1\n`,
      {
        line: 4,
        column: 3,
        field: 'privacy.zzzzzz',
        mend: 'Remove it, or use one of: content, retentionDays, pseudonymous.',
      },
    ],
    [
      'a wrong choice',
      `${HEAD}services:\n  - match: openai\n    mode: gatway\n`,
      {
        line: 5,
        column: 11,
        field: 'services[0].mode',
        message: '"gatway" isn\'t a choice here.',
        mend: 'Did you mean "gateway"? Use one of: gateway, passthrough, direct, tunnel, block.',
      },
    ],
    [
      'a wrong choice in a list',
      `${HEAD}guardrails:\n  - {id: a, detect: secrets, action: block, on: [request, reponse]}\n`,
      {
        line: 4,
        column: 59,
        field: 'guardrails[0].on[1]',
        mend: 'Did you mean "response"? Use one of: request, response, tool-call, tool-result, attachment.',
      },
    ],
    [
      'a missing setting',
      `${HEAD}guardrails:\n  - id: a\n    detect: secrets\n`,
      {
        line: 4,
        column: 5,
        field: 'guardrails[0].action',
        message: '"action" is missing.',
        mend: 'Add it: one of allow, warn, redact, justify, block.',
      },
    ],
    [
      'a missing version',
      'name: acme\n',
      { line: 1, column: 1, field: 'postern', message: '"postern" is missing.', mend: 'Add it: 1.' },
    ],
    [
      'a wrong type',
      `${HEAD}rollout: yes\n`,
      {
        line: 3,
        column: 10,
        field: 'rollout',
        message: 'This should be a section with settings, but is "yes".',
      },
    ],
    [
      'a number out of bounds',
      `${HEAD}privacy: {retentionDays: 99999}\n`,
      {
        line: 3,
        column: 26,
        field: 'privacy.retentionDays',
        message: 'This is more than 3650.',
        mend: 'Use at most 3650.',
      },
    ],
    [
      'an empty list',
      `${HEAD}services:\n  - match: []\n    mode: direct\n`,
      { line: 4, column: 5, field: 'services[0].match', message: 'This list is empty.' },
    ],
    [
      'an unknown service',
      `${HEAD}services:\n  - match: [anthropic, opnai]\n    mode: direct\n`,
      {
        line: 4,
        column: 24,
        field: 'services[0].match[1]',
        message: 'The catalogue knows no service "opnai".',
      },
    ],
    [
      'an IP address',
      `${HEAD}services:\n  - match: [10.0.0.1]\n    mode: direct\n`,
      { line: 4, column: 13, message: '"10.0.0.1" is an IP address.' },
    ],
    [
      'a URL for a host',
      `${HEAD}services:\n  - match: ["https://llm.acme.com/v1"]\n    mode: direct\n`,
      { line: 4, column: 13, message: '"https://llm.acme.com/v1" isn\'t a host name.' },
    ],
    [
      'half the internet',
      `${HEAD}services:\n  - match: ["*.amazonaws.com"]\n    mode: direct\n`,
      {
        line: 4,
        message: '"*.amazonaws.com" covers far more than one service.',
        mend: 'Name the exact hosts.',
      },
    ],
    [
      'an unknown kind',
      `${HEAD}services:\n  - match: ["kind:wbe"]\n    mode: direct\n`,
      { line: 4, message: 'There is no kind of service "wbe".' },
    ],
    [
      'a dialect for a known service',
      `${HEAD}services:\n  - { match: openai, mode: direct, dialect: gemini }\n`,
      { line: 4, column: 45, field: 'services[0].dialect' },
    ],
    [
      'an unknown app',
      `${HEAD}apps:\n  rules:\n    - match: [cladue-code]\n      state: denied\n`,
      {
        line: 5,
        column: 15,
        field: 'apps.rules[0].match[0]',
        message: 'The catalogue knows no app "cladue-code".',
      },
    ],
    [
      'a misspelt option of a detector',
      `${HEAD}guardrails:\n  - id: a\n    detect: pattern\n    patterns: x1y\n    action: block\n    caseSensitve: true\n`,
      {
        line: 8,
        message: 'There is no setting "caseSensitve" here.',
        mend: 'Did you mean "caseSensitive"? Otherwise remove it.',
      },
    ],
    [
      'a misspelt setting inside one of several forms',
      `${HEAD}guardrails:\n  - id: a\n    detect: pattern\n    action: block\n    patterns: [{ expression: x, lable: y }]\n`,
      { line: 7, mend: 'Did you mean "label"? Otherwise remove it.' },
    ],
    [
      'a doubled rule id',
      `${HEAD}guardrails:\n  - {id: a, detect: secrets, action: block}\n  - {id: a, detect: secrets, action: warn}\n`,
      { line: 5, column: 10, field: 'guardrails[1].id', message: '"a" is already the id of guardrails[0].' },
    ],
    [
      'a doubled key',
      `${HEAD}name: other\n`,
      { line: 3, column: 1, mend: 'Keep one of the two; YAML would silently use the last.' },
    ],
    [
      'a tag',
      `${HEAD}privacy: !secret {}\n`,
      { line: 3, column: 10, mend: 'Remove the tag (the word with an exclamation mark).' },
    ],
    ['broken YAML', `${HEAD}services: [\n`, { line: 4, column: 1 }],
    ['two documents', `${HEAD}---\n${HEAD}`, { mend: 'Keep one document per file.' }],
    ['no settings', '# nothing\n', { line: 1, column: 1, mend: 'Begin with "postern: 1" and a "name".' }],
    ['a list', '- a\n', { line: 1, column: 1, mend: 'Begin with "postern: 1" and a "name".' }],
  ])('places %s and says how to mend it', (_, text, expected) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ file: 'acme.yaml', ...expected });
    expect(problems[0]?.mend).not.toBe('');
  });

  it('tells all problems at once, in the order of the file', () => {
    const problems = problemsOf(
      'postern: 2\nname: Acme\nservices:\n  - match: openai\n    mode: gatway\nguardrails:\n  - id: a\n    detect: secret\n    action: stop\nrollout: 1\n',
    );
    expect(problems.map(({ line, field }) => `${line} ${field}`)).toEqual([
      '1 postern',
      '2 name',
      '5 services[0].mode',
      '8 guardrails[0].detect',
      '9 guardrails[0].action',
      '10 rollout',
    ]);
    expect(formatProblems(problems)).toContain(
      'acme.yaml:5:11: services[0].mode: "gatway" isn\'t a choice here.\n',
    );
  });

  it('refuses alias bombs and huge documents quickly', () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) => `l${i}: &l${i} [${`*l${i - 1},`.repeat(9).slice(0, -1)}]`,
    );
    const bomb = ['l0: &l0 [1,1,1,1,1,1,1,1,1]', ...levels.slice(1)].join('\n');
    const startedMs = performance.now();
    expect(problemsOf(bomb)[0]?.mend).toContain('instead of using anchors');
    expect(problemsOf(`${HEAD}# ${'x'.repeat(1_100_000)}`)[0]?.message).toContain('larger than 1 MB');
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });

  it('never throws, whatever the text', () => {
    const piece = fc.constantFrom(
      'postern: 1\n',
      'name: a\n',
      'services:\n',
      '  - match: ',
      '[',
      ']',
      '{',
      '}',
      '&a ',
      '*a',
      '!x ',
      '"',
      ': ',
      '\t',
      '\n',
      '- ',
      '|\n',
      '? ',
      '<<: ',
      '\u0000',
      'é',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 20 }).map((all) => all.join('')),
        ),
        (text) => {
          const parsed = parsePolicy(text, 'x', { catalogue });
          if (!parsed.ok) {
            for (const { line, column } of parsed.problems) {
              expect(line).toBeGreaterThan(0);
              expect(column).toBeGreaterThan(0);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

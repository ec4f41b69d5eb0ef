import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../policies/schema/parse-policy.ts';

const check = (yaml: string) => parsePolicy(`postern: 1\nname: test\n${yaml}`, 'policy.yaml');
const budget = (settings: string): string =>
  `budgets:\n  - { id: daily, scope: user, action: block, ${settings} }\n`;

describe('budgets, limits and prices', () => {
  it('take one value or a list, and fill in what is usual', () => {
    const parsed = check(
      `${budget('window: 1d, timezone: Europe/Oslo, limitUsd: 20, warnAt: 0.8, match: "claude-opus-*"')}limits: [{ id: burst, scope: app, requestsPerMinute: 60 }]\nprices: [{ match: acme-*, input: 1, output: 2 }]\n`,
    );
    expect(parsed).toMatchObject({
      ok: true,
      policy: {
        budgets: [{ warnAt: [0.8], match: ['claude-opus-*'], shadow: false }],
        limits: [{ action: 'block', shadow: false }],
        prices: [{ match: ['acme-*'] }],
      },
    });
  });

  it.each([
    [budget('window: 1d'), 'budgets[0]', 'no limit', 'limitUsd'],
    [budget('window: 1 day, limitUsd: 5'), 'budgets[0].window', '15m', ''],
    [budget('window: 0d, limitUsd: 5'), 'budgets[0].window', '15m', ''],
    [budget('window: 11y, limitUsd: 5'), 'budgets[0].window', 'longer than ten years', ''],
    [budget('window: 1d, timezone: Europe/Olso, limitUsd: 5'), 'budgets[0].timezone', 'IANA', ''],
    [budget('window: 1d, align: calendar, limitUsd: 5'), 'budgets[0].align', 'Whose calendar', 'timezone'],
    [
      budget('window: 1d, align: rolling, timezone: UTC, limitUsd: 5'),
      'budgets[0].timezone',
      'rolling',
      'Remove',
    ],
    [
      budget('window: 10d, timezone: UTC, limitUsd: 5'),
      'budgets[0].window',
      "calendar can't be cut",
      '1d, 1w',
    ],
    [budget('window: 1d, limitUsd: 5, model: gpt-5-mini'), 'budgets[0].model', 'means nothing', 'match'],
    [budget('window: 1d, limitUsd: -1'), 'budgets[0].limitUsd', 'less than 0', ''],
    [budget('window: 1d, limitUsd: 5, warnAt: 80'), 'budgets[0].warnAt', 'more than 1', ''],
    [budget('window: 1d, limitDollars: 5'), 'budgets[0].limitDollars', 'no setting', ''],
    [
      'budgets: [{ id: a, scope: user, window: 1d, limitUsd: 1, action: downgrade }]\n',
      'budgets[0].action',
      'needs a model',
      '',
    ],
    [
      'budgets: [{ id: a, scope: team, window: 1d, limitUsd: 1, action: block }]\n',
      'budgets[0].scope',
      'team',
      'user',
    ],
    ['limits: [{ id: a, scope: user }]\n', 'limits[0]', 'limits nothing', 'requestsPerMinute'],
    [
      'limits: [{ id: a, scope: user, requestsPerMinute: 1 }, { id: a, scope: app, requestsPerMinute: 1 }]\n',
      'limits[1].id',
      'already the id of limits[0]',
      '',
    ],
    ['prices: [{ match: x, input: -1, output: 2 }]\n', 'prices[0].input', 'less than 0', ''],
  ])('%s is told of at %s', (yaml, field, message, mend) => {
    const parsed = check(yaml);
    if (parsed.ok) throw new Error('it should be refused');
    const [problem] = parsed.problems;
    expect(problem).toMatchObject({ field });
    expect(problem?.message).toContain(message);
    expect(problem?.mend).toContain(mend);
    expect(problem?.line).toBeGreaterThan(2);
  });
});

import { describe, expect, it } from 'vitest';
import { compileTeamExpression } from '../../../../agent/src/guard/secrets/rules-file/team-expression.ts';

describe("the engine for a team's expression", () => {
  it.each([
    ['a documented prefix', '\\b(acme_[0-9a-z]{32})\\b', [], 'own', ['acme_']],
    [
      'a name before the value',
      '(?i)[\\w.-]{0,50}?(?:acme|zeta)[\\w-]{0,20}=([a-z0-9]{16})',
      ['x'],
      'own',
      ['acme', 'zeta'],
    ],
    ['nested repetition', 'acme=((?:a+)+)!', [], 're2', ['acme=a']],
    ['an open group', 'BEGIN(?:.|\\n)*?END', [], 're2', ['begin']],
    ['Unicode classes', '\\pL{3}-[0-9]{4}', ['-20'], 'window', ['-20']],
    ['no fixed beginning', '[a-z]{3}-acme-[0-9]{4}', ['-ACME-'], 'window', ['-acme-']],
  ] as const)('%s', (_, source, keywords, engine, found) => {
    expect(compileTeamExpression(source, 0, keywords)).toMatchObject({
      ok: true,
      value: { engine, keywords: found },
    });
  });

  it.each([
    ['no RE2', '(?<=a)b', 0, [], 'regex'],
    ['unbalanced', '(a', 0, [], 'regex'],
    ['too large', '(?:a{1,1000}b{1,1000}){1,1}c{1,1000}(?:d{1,999}e){1,1}'.repeat(30), 0, [], 'regex'],
    ['matches nothing', '(?:acme)?', 0, ['acme'], 'regex'],
    ['a group that is not there', 'acme-([0-9]+)', 2, [], 'secretGroup'],
    ['a broken group number', 'acme-([0-9]+)', 0.5, [], 'secretGroup'],
    ['neither beginning nor keywords', '[a-z]{3}[0-9]{9}', 0, [], 'keywords'],
    ['a keyword of one character', '[a-z]{3}[0-9]{9}', 0, ['='], 'keywords'],
    ['a keyword beyond ASCII', '[a-z]{3}[0-9]{9}', 0, ['ключ'], 'keywords'],
  ] as const)('refuses %s', (_, source, group, keywords, setting) => {
    expect(compileTeamExpression(source, group, keywords)).toMatchObject({ ok: false, setting });
  });
});

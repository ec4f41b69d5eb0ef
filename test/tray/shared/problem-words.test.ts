/** Every problem that the agent can tell a person of has words in every language of the window. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { deProblems } from '../../../tray-ui/src/shared/i18n/de-problems.ts';
import { nbProblems } from '../../../tray-ui/src/shared/i18n/nb-problems.ts';
import { createTranslator } from '../../../tray-ui/src/shared/i18n/translator.ts';
import { trayState } from '../../../tray-ui/src/shared/tray-state.ts';
import { healthyStatus } from '../../kit/agent-status.ts';

const AGENT = path.join(import.meta.dirname, '..', '..', '..', 'agent', 'src');

const sourcesIn = (folder: string): string[] =>
  readdirSync(path.join(AGENT, folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(AGENT, folder, name), 'utf8'));
/** Of `export type NAME = | 'a' | 'b';`. */
const membersOf = (file: string, type: string): string[] => {
  const source = readFileSync(path.join(AGENT, file), 'utf8');
  const body = new RegExp(`export type ${type} =([\\s\\S]*?);`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/'([a-z-]+)'/g)].map((match) => match[1] ?? '');
};

/** Literals of `degraded` and of sign-in, the members of typed errors, and those that are put together. */
function codesOfTheAgent(): Set<string> {
  const literals = ['main', 'sync/identity', 'platform/secrets']
    .flatMap(sourcesIn)
    .flatMap((source) => [...source.matchAll(/\bcode: (?:\w+ \? )?'([a-z-]+)'(?: : '([a-z-]+)')?/g)])
    .flatMap(([, one, other]) => [one, other])
    .filter((code) => code !== undefined);
  const states = membersOf('record/records-contract.ts', 'RecordsState').filter((state) => state !== 'ok');
  return new Set([
    ...literals,
    ...membersOf('sync/identity/identity-error.ts', 'IdentityErrorCode'),
    ...membersOf('sync/policy-source/policy-source-error.ts', 'PolicySourceErrorCode').map(
      (code) => `policy-source-${code}`,
    ),
    ...states.map((state) => `store-${state}`),
    'switch-block',
    'switch-aside',
  ]);
}

describe.each([
  ['German', deProblems],
  ['Norwegian', nbProblems],
])('in %s', (_, problems) => {
  it('every problem has its words, and none has words that the agent never sends', () => {
    const codes = codesOfTheAgent();
    expect(codes.size).toBeGreaterThan(60);
    expect(Object.keys(problems).sort()).toEqual([...codes].sort());
  });

  it('they are whole sentences', () => {
    for (const [code, { text, mend }] of Object.entries(problems))
      for (const sentence of [text, mend ?? '.']) expect(sentence, code).toMatch(/[.:]$|: [a-z -]+$/);
  });
});

it('the icon says it in the language of the window; what nobody has translated in the agent’s own words', () => {
  const status = healthyStatus({ degraded: [{ code: 'gateway-down', text: 'The gateway is down.' }] });
  expect(trayState(status, createTranslator(['de'])).sentence).toBe(
    'Das KI-Gateway der Firma ist nicht erreichbar.',
  );
  expect(trayState(status, createTranslator(['en'])).sentence).toBe('The gateway is down.');
  const news = healthyStatus({ degraded: [{ code: 'of-a-newer-agent', text: 'Something new.' }] });
  expect(trayState(news, createTranslator(['nb'])).sentence).toBe('Something new.');
});

it.each([
  ['en', '1d', '24 hours'],
  ['de', '7d', '7 Tage'],
  ['nb', '1mo', '1 måned'],
  ['en', 'by moon', 'by moon'],
])('%s: how long a budget looks back, %s', (locale, window, said) => {
  expect(createTranslator([locale]).span(window)).toBe(said);
});

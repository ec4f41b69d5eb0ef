import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ExceptionKeeper } from '../../agent/src/main/exceptions.ts';
import type { StoredExchange } from '../../agent/src/record/reports/query.ts';
import { policyOf } from '../kit/decide.ts';

const POLICY = policyOf(`guardrails:
  - { id: customers, detect: secrets, action: justify, justifyMinutes: 30 }
  - { id: keys, detect: secrets, action: block }
`);
const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 24, 10);

let folder: string;
let nowMs: number;
let events: string[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'postern-exceptions-'));
  nowMs = START_MS;
  events = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => path.join(folder, 'exceptions.json');
const keeper = (policy = POLICY) =>
  new ExceptionKeeper({
    file: file(),
    policy: () => policy,
    nowMs: () => nowMs,
    event: (code, detail) => void events.push(`${code} ${detail}`),
  });

const refused = (rules: readonly string[] = ['customers'], effective = 'justify') =>
  ({
    id: 'd-1',
    effective,
    app: { id: 'claude-code', name: 'Claude Code', identifiedBy: 'header' },
    rules: rules.map((rule) => ({ rule, action: 'justify', text: '' })),
  }) as unknown as StoredExchange;

it('lifts the rule for that app and for as long as the rule says, and writes it down with the reason', () => {
  const exceptions = keeper();
  const [granted] = exceptions.grant(refused(), 'a retired test customer');
  expect(granted).toMatchObject({
    rule: 'customers',
    app: 'claude-code',
    untilMs: START_MS + 30 * MINUTE_MS,
  });
  expect(exceptions.find('customers', 'claude-code')?.id).toBe(granted?.id);
  expect(exceptions.find('customers', 'codex')).toBeUndefined();
  expect(exceptions.find('keys', 'claude-code')).toBeUndefined();
  expect(events.join()).toMatch(
    /exception-granted .*rule customers, app claude-code.*a retired test customer/,
  );
  nowMs += 30 * MINUTE_MS;
  expect(exceptions.find('customers', 'claude-code')).toBeUndefined();
});

it('survives a restart, and a clock that was set back gives nothing that was not given', () => {
  keeper().grant(refused(), 'a retired test customer');
  expect(keeper().find('customers', 'claude-code')).toBeDefined();
  nowMs -= 365 * 24 * 60 * MINUTE_MS;
  expect(keeper().find('customers', 'claude-code')).toBeUndefined();
});

it('can be taken back', () => {
  const exceptions = keeper();
  const [granted] = exceptions.grant(refused(), 'a retired test customer');
  expect(exceptions.revoke(granted?.id ?? '')).toBe(true);
  expect(exceptions.revoke(granted?.id ?? '')).toBe(false);
  expect(keeper().inForce()).toEqual([]);
  expect(events.at(-1)).toMatch(/^exception-revoked/);
});

it('replaces an earlier reason for the same rule and app', () => {
  const exceptions = keeper();
  exceptions.grant(refused(), 'a retired test customer');
  nowMs += MINUTE_MS;
  exceptions.grant(refused(), 'another reason altogether');
  expect(exceptions.inForce().map(({ reason }) => reason)).toEqual(['another reason altogether']);
});

it.each([
  ['a call that was not held back', refused([], 'block')],
  ['a call that a block rule refused as well', refused(['customers'], 'block')],
  ['a rule that the policy no longer has', refused(['gone'])],
  ['a rule that does not take reasons', refused(['keys'])],
])('gives nothing for %s', (_, call) => {
  expect(() => keeper().grant(call, 'a retired test customer')).toThrow(
    expect.objectContaining({ code: 'conflict' }),
  );
});

it.each(['not json', '{}', '[1, {"rule": "customers"}]'])(
  'takes nothing from a file that holds %s',
  (text) => {
    writeFileSync(file(), text, { mode: 0o600 });
    expect(keeper().inForce()).toEqual([]);
  },
);

it('lasts no longer than its rule allows, whatever the file says', () => {
  const [granted] = keeper().grant(refused(), 'a retired test customer');
  writeFileSync(file(), JSON.stringify([{ ...granted, untilMs: START_MS + 1e12 }]), { mode: 0o600 });
  expect(keeper().find('customers', 'claude-code')).toBeDefined();
  nowMs += 30 * MINUTE_MS;
  expect(keeper().find('customers', 'claude-code')).toBeUndefined();
});

it('keeps no control characters of a reason, which terminals and collectors would obey', () => {
  const [granted] = keeper().grant(refused(), 'one\n\u001b[2Jtwo\u202ethree');
  expect(granted?.reason).toBe('one [2Jtwo three');
  expect(events.join()).not.toMatch(/[\p{Cc}\u202e]/u);
});

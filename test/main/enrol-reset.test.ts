import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { enrolReset, mayReset } from '../../agent/src/main/enrol-reset.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'postern-reset-'));
});
afterEach(() => rmSync(home, { recursive: true }));

it.each([
  [{ managed: true, administrator: false }, false],
  [{ managed: true, administrator: true }, true],
  [{ managed: false, administrator: false }, true],
])('with %j: %s', (device, may) => {
  expect(mayReset(device)).toBe(may);
});

it.each([
  ['{"id":"acme"}', 'acme'],
  ['{', 'an unknown organisation'],
  [undefined, undefined],
])('of %s: it was %s', async (content, was) => {
  const file = path.join(home, 'tenant.json');
  if (content !== undefined) writeFileSync(file, content);
  expect(await enrolReset({ home, configFile: undefined })).toEqual({ was });
  expect(existsSync(file)).toBe(false);
});

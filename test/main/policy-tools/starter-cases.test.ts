/** The starter policies decide what their case files say: `postern policy test` on each. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { testPolicy } from '../../../agent/src/main/policy-tools/test.ts';
import { STARTERS } from '../../../policies/starter/starter.ts';

const folder = path.join(import.meta.dirname, '../../../policies/starter');

it.each(STARTERS)('%s', async (name) => {
  const { cases } = await testPolicy(
    path.join(folder, `${name}.yaml`),
    path.join(folder, `${name}.cases.yaml`),
  );
  expect(cases.filter(({ ok }) => !ok)).toEqual([]);
  expect(cases.length).toBeGreaterThan(2);
});

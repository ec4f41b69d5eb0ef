import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../agent/src/decide/compile.ts';
import { loadCatalogue } from '../../policies/catalogue/catalogue.ts';
import { parsePolicy } from '../../policies/schema/parse-policy.ts';
import { loadStarter, STARTERS } from '../../policies/starter/starter.ts';
import { compileOptionsFor } from '../kit/decide.ts';

const catalogue = loadCatalogue();

describe.each(STARTERS)('starter policy %s', (name) => {
  const { text, fileName } = loadStarter(name);
  const parsed = parsePolicy(text, fileName, { catalogue });

  it('is without problems, bears its name and compiles', () => {
    expect(parsed).toMatchObject({ ok: true, policy: { name }, warnings: [] });
    if (!parsed.ok) return;
    expect(compilePolicy(compileOptionsFor(parsed))).toMatchObject({
      ok: true,
    });
  });

  it('stores no text and says what each part is for', () => {
    expect(parsed.ok && parsed.policy.privacy.content).toBe('never');
    expect(text.split('\n').filter((line) => line.trimStart().startsWith('#')).length).toBeGreaterThan(4);
  });
});

import { describe, expect, it } from 'vitest';
import { explainRenewal } from '../../../agent/src/intercept/certificates/explain-renewal.ts';

const nowMs = Date.UTC(2026, 10, 23);
const base = { presentEndMs: nowMs + 1000, nowMs, source: 'device' as const };

describe('explainRenewal', () => {
  it('says that nothing has to change', () => {
    const explained = explainRenewal({
      ...base,
      presentDomains: ['openai.com'],
      nextDomains: ['api.openai.com'],
    });
    expect(explained).toMatchObject({ needed: false, added: [] });
    expect(explained.text).toHaveLength(2 - 1);
  });

  it('names the new domains and what the person must do', () => {
    const explained = explainRenewal({
      ...base,
      presentDomains: ['openai.com', 'old.test'],
      nextDomains: ['openai.com', 'llm.acme.test'],
    });
    expect(explained).toMatchObject({ needed: true, added: ['llm.acme.test'], removed: ['old.test'] });
    const text = explained.text.join('\n');
    for (const word of ['llm.acme.test', 'old.test', 'ca.pem', 'unread']) expect(text).toContain(word);
  });

  it('is needed when the old one has expired or is gone', () => {
    const domains = { presentDomains: ['openai.com'], nextDomains: ['openai.com'] };
    const expired = explainRenewal({ ...base, ...domains, presentEndMs: nowMs - 1 });
    expect(expired.needed).toBe(true);
    expect(expired.text[0]).toContain('expired on 2026-11-22');
    expect(explainRenewal({ ...base, ...domains, presentEndMs: undefined }).needed).toBe(true);
  });

  it('is in order some time before the end', () => {
    const soon = explainRenewal({
      ...base,
      presentDomains: ['openai.com'],
      nextDomains: ['openai.com'],
      dueWithinMs: 2000,
    });
    expect(soon.needed).toBe(true);
    expect(soon.text[0]).toBe("This device's authority expires on 2026-11-23.");
  });

  it("leaves an organisation's authority to the organisation", () => {
    const explained = explainRenewal({
      ...base,
      source: 'organisation',
      presentDomains: ['openai.com'],
      nextDomains: ['openai.com', ...Array.from({ length: 10 }, (_, i) => `llm${i}.acme.test`)],
    });
    expect(explained.text.join('\n')).toMatch(/Ask IT .*and 2 more/s);
    expect(explained.text.join('\n')).not.toContain('ca.pem');
  });
});

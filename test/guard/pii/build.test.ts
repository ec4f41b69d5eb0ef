import { describe, expect, it } from 'vitest';
import { isRequestDetector } from '../../../agent/src/core/finding.ts';
import { parsePolicy } from '../../../policies/schema/parse-policy.ts';
import { policyOf } from '../../kit/decide.ts';

const policy = (...rules: string[]) =>
  `guardrails:\n${rules.map((rule, i) => `  - { id: r${i}, detect: pii, action: warn, ${rule} }\n`).join('')}`;
const keysOf = (...rules: string[]): readonly string[] => policyOf(policy(...rules)).detectors.keys;

describe('building the pii detector', () => {
  it('searches requests once for all rules, and answers only for what a rule wants', () => {
    expect(
      keysOf(
        'on: request',
        'kinds: [iban]',
        'kinds: ["us-*", iban], on: [response]',
        'kinds: [iban, "us-*"], on: [tool-call]',
      ),
    ).toEqual(['pii', 'pii', 'pii:iban,us-*', 'pii:iban,us-*']);
    expect(keysOf('countries: [NO, SE]', 'countries: [SE, NO, NO]', 'companyDomains: acme.com')).toEqual([
      'pii:NO,SE',
      'pii:NO,SE',
      'pii:acme.com',
    ]);
  });

  it('uses the options', () => {
    const { byKey } = policyOf(policy('companyDomains: Acme.com')).detectors;
    const detector = byKey['pii:Acme.com'];
    if (detector === undefined || isRequestDetector(detector)) throw new Error('a detector of texts');
    expect(detector.scan('jane@acme.com and jane@initech.com')).toMatchObject([{ start: 18 }]);
  });

  it('refuses kinds that it never finds', () => {
    expect(() => policyOf(policy('kinds: [us-ssn, credit-card]'))).toThrow(
      /finds nothing of the kind "credit-card"/,
    );
  });

  it.each([
    ['countries: [XX]', "isn't a choice here"],
    ['countries: no', "isn't a choice here"],
    ['companyDomains: "@acme.com"', 'use a domain such as acme.com'],
    ['companyDomains: ["*.acme.com"]', 'use a domain such as acme.com'],
    ['companyDomain: acme.com', 'no setting "companyDomain"'],
  ])('policy check says what is wrong with %s', (rule, message) => {
    const parsed = parsePolicy(`postern: 1\nname: acme\n${policy(rule)}`, 'acme.yaml');
    expect(parsed.ok ? '' : parsed.problems.map((problem) => problem.message).join()).toContain(message);
  });
});

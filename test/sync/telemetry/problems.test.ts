import { describe, expect, it } from 'vitest';
import { problemOfError, problemOfStatus } from '../../../agent/src/sync/telemetry/problems.ts';

const withCode = (code: string): Error => Object.assign(new Error('raw words of a library'), { code });

describe('what a person is told', () => {
  it.each([
    ['dns-failed', 'unknown-host'],
    ['proxy-auth', 'proxy-credentials'],
    ['proxy-refused', 'proxy-refused'],
    ['certificate-invalid', 'certificate-invalid'],
    ['certificate-revoked', 'certificate-revoked'],
    ['target-forbidden', 'target-forbidden'],
    ['closed-early', 'closed-early'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'client-certificate-wanted'],
    ['header-timeout', 'timeout'],
    ['credentials', 'credential-unreadable'],
    ['ECONNREFUSED', 'unreachable'],
  ])('of %s', (code, expected) => {
    const problem = problemOfError(withCode(code), 'otel.example.com');
    expect(problem.code).toBe(expected);
    expect(problem.mend).toBeDefined();
    expect(problem.text).not.toContain('raw words');
  });

  it('of a time-out, of what has no code, and of a proxy that answers in the collector’s place', () => {
    expect(problemOfError(new DOMException('x', 'TimeoutError'), 'a').code).toBe('timeout');
    expect(problemOfError('what?', 'a').code).toBe('unreachable');
    expect(problemOfStatus(407, 'a').code).toBe('proxy-credentials');
  });
});

import { describe, expect, it } from 'vitest';
import { octetCounted, syslogMessage } from '../../../../agent/src/sync/telemetry/sinks/rfc5424.ts';
import { outboxRecord as record } from '../../../kit/outbox-record.ts';

const ORIGIN = { host: 'laptop-7', version: '1.2.3', processId: 42 };

describe('a syslog message', () => {
  it('has the header, structured data and text of RFC 5424', () => {
    const text = syslogMessage(
      record(7, {
        text: 'two\nlines',
        attributes: { 'postern.rules': ['a=block', 'b]="\\'], 'postern.cause': undefined },
      }),
      ORIGIN,
    );
    expect(text).toBe(
      '<108>1 2026-11-26T00:00:00.000Z laptop-7 postern 42 postern.ai_call [meta sequenceId="7"]' +
        '[origin software="postern" swVersion="1.2.3"][postern@32473 uid="uid-7" rules="a=block,b\\]=\\"\\\\"] \uFEFFtwo lines',
    );
  });

  it('is counted in octets, not characters (RFC 5425)', () => {
    expect(octetCounted('é🙂').toString()).toBe('6 é🙂');
  });

  it('keeps its words within what the header allows', () => {
    const text = syslogMessage(record(1, { name: `postern.${'x'.repeat(50)}` }), {
      ...ORIGIN,
      host: 'mein läptop',
    });
    expect(text.split(' ').slice(2, 6)).toEqual([
      'mein_l_ptop',
      'postern',
      '42',
      `postern.${'x'.repeat(24)}`,
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { readRequestHead } from '../../../agent/src/intercept/inbound/request-head.ts';
import {
  editHeaders,
  readResponseHead,
  withHeaders,
} from '../../../agent/src/intercept/inbound/response-head.ts';

describe('header edits', () => {
  it('replace in place, keep the order of the rest, add at the end', () => {
    expect(withHeaders(['A', '1', 'B', '2', 'a', '3', 'C', '4'], ['a', 'x', 'D', '5'])).toEqual([
      ...['a', 'x', 'B', '2', 'C', '4', 'D', '5'],
    ]);
    expect(withHeaders(['Set-Cookie', 'old'], ['set-cookie', 'a', 'set-cookie', 'b'])).toEqual([
      ...['set-cookie', 'a', 'set-cookie', 'b'],
    ]);
  });

  it('cost nothing where there are none', () => {
    const headers = ['A', '1'];
    expect(editHeaders(headers, undefined, undefined)).toBe(headers);
    expect(editHeaders(headers, [], [])).toBe(headers);
  });
});

describe('connection options', () => {
  it('take the headers they name along, but never those that frame or route the message', () => {
    const options = [
      'Connection',
      'close, X-A, Content-Length, Host',
      'x-a',
      '1',
      'Host',
      'h',
      'Content-Length',
      '3',
    ];
    const request = readRequestHead([...options, 'X-B', '2'], 'POST', '/');
    expect(request.headers).toEqual(['Host', 'h', 'Content-Length', '3', 'X-B', '2']);
    expect(request.headers[request.hostIndex]).toBe('h');
    expect(readResponseHead(options, true).headers).toEqual(['Host', 'h', 'Content-Length', '3']);
  });
});

describe('calls that need HTTP/2', () => {
  it.each([
    [['content-type', 'application/grpc+proto'], true],
    [['content-type', 'application/connect+json'], true],
    [['te', 'trailers'], true],
    [['te', 'gzip;q=1, trailers'], true],
    [['content-type', 'application/json', 'te', 'gzip'], false],
  ])('%j: %s', (headers, needed) => expect(readRequestHead(headers).needsHttp2).toBe(needed));
});

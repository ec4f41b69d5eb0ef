import { describe, expect, it } from 'vitest';
import {
  agreedExtensions,
  readableOffers,
  withReadableOffers,
} from '../../../agent/src/intercept/websocket/permessage-deflate.ts';

describe('agreedExtensions', () => {
  it.each([
    [undefined, 'none'],
    ['', 'none'],
    ['permessage-deflate', 'deflate'],
    ['Permessage-Deflate; server_max_window_bits=10 ; client_max_window_bits="15"', 'deflate'],
    ['x-webkit-deflate-frame', 'unreadable'],
    ['permessage-deflate, permessage-bzip', 'unreadable'],
    ['permessage-deflate; unheard_of', 'unreadable'],
    ['permessage-deflate; server_max_window_bits=16', 'unreadable'],
    ['permessage-deflate; client_max_window_bits', 'unreadable'],
    ['permessage-deflate; server_no_context_takeover; server_no_context_takeover', 'unreadable'],
  ])('%j is %s', (header, type) => {
    expect(agreedExtensions(header).type).toBe(type);
  });

  it('tells whose context is kept', () => {
    expect(agreedExtensions('permessage-deflate; server_no_context_takeover')).toEqual({
      type: 'deflate',
      compression: { clientNoContextTakeover: false, serverNoContextTakeover: true },
    });
  });
});

describe('readableOffers', () => {
  it.each([
    [undefined, undefined],
    ['x-webkit-deflate-frame', undefined],
    ['permessage-deflate; client_max_window_bits', 'permessage-deflate; client_max_window_bits'],
    [
      'permessage-bzip, permessage-deflate; server_max_window_bits=10, permessage-deflate',
      'permessage-deflate; server_max_window_bits=10, permessage-deflate',
    ],
    ['permessage-deflated', undefined],
  ])('%j becomes %j', (offer, readable) => {
    expect(readableOffers(offer)).toBe(readable);
  });
});

describe('withReadableOffers', () => {
  it.each([
    ['x-webkit-deflate-frame', undefined],
    ['x-other, permessage-deflate; client_max_window_bits', 'permessage-deflate; client_max_window_bits'],
    ['permessage-deflate', 'permessage-deflate'],
  ])('of %s leaves %s', (offered, left) => {
    const headers = ['Host', 'ai.test', 'Sec-WebSocket-Extensions', offered, 'Origin', 'x'];
    const rest = left === undefined ? [] : ['Sec-WebSocket-Extensions', left];
    expect(withReadableOffers(headers)).toEqual(['Host', 'ai.test', ...rest, 'Origin', 'x']);
  });
});

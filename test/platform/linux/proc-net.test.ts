import { expect, it } from 'vitest';
import { findClientSocket } from '../../../agent/src/platform/linux/proc-net.ts';

/** Recorded: a listener on 7843, one client (50123) and our end of it, a second client in TIME_WAIT. */
const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1EA3 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41234 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1EA3 0100007F:C3CB 01 00000000:00000000 00:00000000 00000000  1000        0 55001 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:C3CB 0100007F:1EA3 01 00000000:00000000 00:00000000 00000000  1001        0 55002 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:C3CC 0100007F:1EA3 06 00000000:00000000 03:00000B2A 00000000     0        0 0 3 0000000000000000
   4: 0200A8C0:C3CB 0A00A8C0:01BB 01 00000000:00000000 00:00000000 00000000  1000        0 77777 1 0000000000000000 20 4 30 10 -1
`;
const TABLE_6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:C3D0 0000000000000000FFFF00000100007F:1EA3 01 00000000:00000000 00:00000000 00000000  1000        0 88001 1 0000000000000000 20 4 30 10 -1
`;

it.each([
  ['the client’s end, not ours', TABLE, 0xc3cb, 7843, { inode: '55002', userId: 1001 }],
  ['nobody holds what is in TIME_WAIT', TABLE, 0xc3cc, 7843, undefined],
  ['the same port to somewhere else is another connection', TABLE, 0xc3cb, 444, undefined],
  ['an IPv4 client of an IPv6 socket', TABLE_6, 0xc3d0, 7843, { inode: '88001', userId: 1000 }],
  ['an empty table', '', 1, 2, undefined],
  ['a torn last line', TABLE.slice(0, TABLE.indexOf('55002') - 4), 0xc3cb, 7843, undefined],
] as const)('%s', (_, table, client, proxy, owner) => {
  expect(findClientSocket(table, client, proxy)).toEqual(owner);
});

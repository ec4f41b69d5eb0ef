/** With output in the form that lsof(8) and ps(1) document; no Mac was there to run them. */
import { expect, it } from 'vitest';
import { createProcessFinder } from '../../../agent/src/platform/processes/client-processes.ts';

const STAYS = (): boolean => false;

const CONNECTIONS = `p801
R1
f21
n127.0.0.1:7843->127.0.0.1:50123
f22
n127.0.0.1:7843->127.0.0.1:50124
p4242
R910
f17
n127.0.0.1:50123->127.0.0.1:7843
p5000
R1
f9
n[::1]:50124->[::1]:7843
`;
const FILES = `p910
fcwd
n/Users/ann
ftxt
n/bin/zsh
p4242
fcwd
n/Users/ann/work
ftxt
n/Applications/Cursor.app/Contents/MacOS/Cursor
ftxt
n/usr/lib/dyld
`;

const ask = async (file: string, args: readonly string[]): Promise<string> => {
  if (file === '/bin/ps') return '/Applications/Cursor.app/Contents/MacOS/Cursor --token secret\n';
  return args.includes('-sTCP:ESTABLISHED') ? CONNECTIONS : FILES;
};

it('finds the client’s end, its program and who started it, and keeps no argument', async () => {
  const find = createProcessFinder('darwin', () => undefined, ask);
  expect(await find(50_123, 7843, STAYS)).toEqual({
    pid: 4242,
    executable: '/Applications/Cursor.app/Contents/MacOS/Cursor',
    command: 'Cursor',
    parentExecutable: '/bin/zsh',
  });
});

it('says nothing of a process whose files it may not see, or of no process', async () => {
  const find = createProcessFinder('darwin', () => undefined, ask);
  expect(await find(50_124, 7843, STAYS)).toBeUndefined();
  expect(await find(50_125, 7843, STAYS)).toBeUndefined();
});

it('a system without lsof is told once', async () => {
  const told: string[] = [];
  const find = createProcessFinder(
    'darwin',
    (code) => told.push(code),
    () => Promise.reject(new Error('spawn /usr/sbin/lsof ENOENT')),
  );
  expect([await find(1, 2, STAYS), await find(1, 2, STAYS)]).toEqual([undefined, undefined]);
  expect(told).toEqual(['process-lookup-failed']);
});

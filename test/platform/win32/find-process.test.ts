/** With output in the form that Microsoft documents; no Windows was there to run it. */
import { expect, it } from 'vitest';
import { createProcessFinder } from '../../../agent/src/platform/processes/client-processes.ts';
import { splitCommandLine } from '../../../agent/src/platform/win32/netstat.ts';

const STAYS = (): boolean => false;

const NETSTAT = [
  '',
  'Aktive Verbindungen',
  '',
  '  Proto  Lokale Adresse         Remoteadresse          Status           PID',
  '  TCP    127.0.0.1:7843         0.0.0.0:0              ABHÖREN          900',
  '  TCP    127.0.0.1:7843         127.0.0.1:50123        HERGESTELLT      900',
  '  TCP    127.0.0.1:50123        127.0.0.1:7843         HERGESTELLT      4242',
  '  TCP    127.0.0.1:50124        127.0.0.1:7843         WARTEND          0',
  '  TCP    [::1]:50125            [::1]:7843             HERGESTELLT      4343',
  '',
].join('\r\n');

const asked: string[] = [];
const ask = async (file: string, args: readonly string[]): Promise<string> => {
  asked.push(file);
  if (file.endsWith('NETSTAT.EXE')) return NETSTAT;
  const script = args.at(-1) ?? '';
  if (script.includes('ProcessId=4343')) return '\r\n\r\n\r\n';
  expect(script).toContain('ProcessId=4242"');
  return [
    'C:\\Program Files\\nodejs\\node.exe',
    '"C:\\Program Files\\nodejs\\node.exe" "C:\\Users\\ann\\AppData\\Roaming\\npm\\node_modules\\@google\\gemini-cli\\bundle\\gemini.js" --key sk-1',
    'C:\\Windows\\System32\\cmd.exe',
    '',
  ].join('\r\n');
};

it('finds the client’s end and its program, and asks PowerShell once', async () => {
  const find = createProcessFinder('win32', () => undefined, ask);
  const found = {
    pid: 4242,
    executable: 'C:\\Program Files\\nodejs\\node.exe',
    command: 'node',
    script: 'gemini.js',
    packageName: '@google/gemini-cli',
    parentExecutable: 'C:\\Windows\\System32\\cmd.exe',
  };
  expect(await find(50_123, 7843, STAYS)).toEqual(found);
  expect(await find(50_123, 7843, STAYS)).toEqual(found);
  expect(asked.filter((file) => file.endsWith('powershell.exe'))).toHaveLength(1);
});

it.each([[50_124], [50_125], [50_126]])('port %i: nobody who may be looked into', async (port) => {
  const find = createProcessFinder('win32', () => undefined, ask);
  expect(await find(port, 7843, STAYS)).toBeUndefined();
});

it.each([
  ['"C:\\a b\\n.exe" x "y z" -k=\\"q', ['C:\\a b\\n.exe', 'x', 'y z', '-k=\\"q']],
  ['', []],
])('%s is split', (line, words) => {
  expect(splitCommandLine(line)).toEqual(words);
});

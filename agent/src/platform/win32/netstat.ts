/**
 * The process id of the client's end, out of `netstat -ano -p TCP`: protocol, local address, foreign address, state,
 * process id. The state's name is in the system's language, so it isn't looked at.
 */
export function findClientPid(output: string, clientPort: number, proxyPort: number): number | undefined {
  for (const line of output.split(/\r?\n/)) {
    const [protocol, local, foreign, , pid] = line.trim().split(/\s+/);
    if (protocol !== 'TCP' || pid === undefined) continue;
    if (!local?.endsWith(`:${clientPort}`) || !foreign?.endsWith(`:${proxyPort}`)) continue;
    const id = Number(pid);
    // 0 holds what nobody owns any more (TIME_WAIT).
    if (id > 0) return id;
  }
  return undefined;
}

export interface WindowsProcess {
  readonly executable: string;
  readonly commandLine: string;
  readonly parentExecutable: string | undefined;
}

/** What `processScript` prints; undefined: the process has ended, or may not be looked into. */
export function parseProcess(output: string): WindowsProcess | undefined {
  const [executable, commandLine = '', parent] = output.split(/\r?\n/).map((line) => line.trim());
  if (!executable) return undefined;
  return { executable, commandLine, parentExecutable: parent || undefined };
}

/** https://learn.microsoft.com/windows/win32/cimwin32prov/win32-process */
export const processScript = (pid: number): string =>
  [
    '[Console]::OutputEncoding = [Text.Encoding]::UTF8',
    `$p = Get-CimInstance Win32_Process -Filter "ProcessId=${pid}"`,
    '$q = Get-CimInstance Win32_Process -Filter "ProcessId=$($p.ParentProcessId)"',
    '$p.ExecutablePath',
    '($p.CommandLine -replace "[\\r\\n]", " ")',
    '$q.ExecutablePath',
  ].join('; ');

/** Words as `CommandLineToArgvW` splits them, as far as a script's path needs it: quotes group, `\"` isn't an end. */
export const splitCommandLine = (line: string): readonly string[] =>
  (line.match(/(?:"(?:\\"|[^"])*"|\\"|[^\s"])+/g) ?? []).map((word) => word.replace(/(?<!\\)"/g, ''));

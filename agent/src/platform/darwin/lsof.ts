/**
 * Reads what `lsof -F` prints: one field per line, its letter first; `p` begins a process, `f` one of its files
 * (https://github.com/lsof-org/lsof, OUTPUT FOR OTHER PROGRAMS in lsof(8)).
 */
export interface LsofProcess {
  readonly pid: number;
  readonly parent: number | undefined;
  readonly files: readonly { readonly descriptor: string; readonly name: string }[];
}

export function parseLsof(output: string): readonly LsofProcess[] {
  const processes: { pid: number; parent: number | undefined; files: LsofProcess['files'][number][] }[] = [];
  let descriptor = '';
  for (const line of output.split('\n')) {
    const value = line.slice(1);
    const last = processes.at(-1);
    if (line.startsWith('p')) processes.push({ pid: Number(value), parent: undefined, files: [] });
    else if (last === undefined) continue;
    else if (line.startsWith('R')) last.parent = Number(value);
    else if (line.startsWith('f')) descriptor = value;
    else if (line.startsWith('n')) last.files.push({ descriptor, name: value });
  }
  return processes;
}

/** Who has `…:clientPort->…:proxyPort` open; we ourselves have it the other way round. */
export const clientOf = (
  processes: readonly LsofProcess[],
  clientPort: number,
  proxyPort: number,
): LsofProcess | undefined =>
  processes.find(({ files }) =>
    files.some(({ name }) => {
      const [local, remote] = name.split('->');
      return remote?.endsWith(`:${proxyPort}`) && local?.endsWith(`:${clientPort}`);
    }),
  );

/** The program is the first text file of a process; libraries follow. */
export const fileOf = (process: LsofProcess | undefined, descriptor: 'txt' | 'cwd'): string | undefined =>
  process?.files.find((file) => file.descriptor === descriptor)?.name;

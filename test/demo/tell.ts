/** What the demonstration says, and what it insists on. */

export type Tell = (line: string) => void;

let steps = 0;

export function step(title: string): void {
  steps += 1;
  console.log(`\n${steps}. ${title}\n`);
}

export const tell: Tell = (line) => console.log(line === '' ? '' : `   ${line}`);

/** Rows of equal columns; the first row is the heading. */
export function tellTable(rows: readonly (readonly string[])[]): void {
  const widths =
    rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows)
    tell(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

/** What somebody typed, and what came of it. */
export function tellCommand(command: string, output = ''): void {
  tell(`$ ${command}`);
  for (const line of output.trimEnd().split('\n')) if (output !== '') tell(line);
}

export class NotAsPromised extends Error {
  override readonly name = 'NotAsPromised';
}

/** Each promise is either kept and told, or the demonstration ends with an error. */
export function promise(kept: boolean, what: string, instead: unknown = ''): void {
  if (!kept)
    throw new NotAsPromised(
      `${what}: no. ${typeof instead === 'string' ? instead : JSON.stringify(instead, undefined, 2)}`,
    );
  tell(`✓ ${what}`);
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

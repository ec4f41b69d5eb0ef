/** Numbers, times and tables as a person reads them. Pure. */

/** `$0.0125`; cents are enough from a dollar on, small sums keep two significant digits. */
export function money(nanoUsd: number, estimated = false): string {
  const dollars = nanoUsd / 1e9;
  const about = estimated ? '~' : '';
  if (dollars === 0) return `${about}$0.00`;
  if (Math.abs(dollars) >= 1) return `${about}$${grouped(dollars, 2)}`;
  if (Math.abs(dollars) < 0.0001) return `${about}<$0.0001`;
  return `${about}$${dollars.toFixed(Math.abs(dollars) >= 0.01 ? 3 : 4)}`;
}

const grouped = (value: number, digits: number): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** `1.2k`, `3.4M`. */
export function short(count: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (Math.abs(count) >= size * 0.9995) return `${trimmed(count / size)}${unit}`;
  }
  return String(count);
}

export function bytes(count: number): string {
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (count >= size * 0.9995) return `${trimmed(count / size)} ${unit}`;
  }
  return `${count} B`;
}

const trimmed = (value: number): string =>
  value >= 99.95 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, '');

/** `3 d 4 h`, `12 min`, `45 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} d`;
}

/** Local time, sortable: `2026-11-23 14:05:09`. */
export function localTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `30m`, `12h`, `7d`, or a date; milliseconds since the epoch, or undefined if it is none of these. */
export function parseSince(text: string, nowMs: number): number | undefined {
  const relative = /^(\d+)\s*(m|h|d|w)$/.exec(text);
  if (relative) {
    const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }[
      relative[2] as 'm' | 'h' | 'd' | 'w'
    ];
    return nowMs - Number(relative[1]) * unitMs;
  }
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  // A date alone is local midnight to a person, though ECMAScript reads it as UTC.
  const atMs = Date.parse(text.length === 10 ? `${text}T00:00` : text);
  return Number.isNaN(atMs) ? undefined : atMs;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal escapes begin with ESC.
const ESCAPES = /\u001b\[[0-9;]*m/g;
/** Columns a text takes; colour takes none. */
export const width = (text: string): number => [...text.replace(ESCAPES, '')].length;

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Aligned columns, two spaces apart, no trailing blanks. `heading` colours the titles. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  heading: (text: string) => string = (text) => text,
): string {
  const titles = columns.map(({ title }) => heading(title));
  const all = columns.some(({ title }) => title !== '') ? [titles, ...rows] : rows;
  const widths = columns.map((_, index) => Math.max(0, ...all.map((row) => width(row[index] ?? ''))));
  const lines = all.map((row) =>
    columns
      .map(({ align }, index) => {
        const cell = row[index] ?? '';
        const blank = ' '.repeat((widths[index] ?? 0) - width(cell));
        return align === 'right' ? blank + cell : cell + blank;
      })
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

/** Control characters but tab and newline, and the marks that turn the direction of writing (Unicode TR 36). */
const UNSAFE = /[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069]/gu;

/** Text from outside (a host, a model, a header) may hold terminal escapes; none may reach a terminal. */
export const safe = (text: string): string => text.replace(UNSAFE, '\ufffd');

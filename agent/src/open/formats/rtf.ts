/** Groups that hold no words: fonts, colours, styles, pictures, and all that a reader may skip (`\*`). */
const SILENT: ReadonlySet<string> = new Set([
  'fonttbl',
  'colortbl',
  'stylesheet',
  'pict',
  'themedata',
  'filetbl',
]);
const BREAKS: ReadonlySet<string> = new Set([
  'par',
  'line',
  'cell',
  'row',
  'tab',
  'sect',
  'page',
  'nestcell',
]);

/** One token of RTF 1.9.1: a control word with its number, `\'hh`, a control symbol, a brace, or plain text. */
const TOKEN = /\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[^\\{}]+/gi;
const WINDOWS_1252 = new TextDecoder('windows-1252');

interface Group {
  silent: boolean;
  /** How many fallback characters follow a `\u` (`\uc`). */
  fallback: number;
}

/** The text of an RTF document. One pass; hidden and skippable groups are read too, unless they hold no words. */
export function rtfText(bytes: Uint8Array): string {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const out: string[] = [];
  const groups: Group[] = [{ silent: false, fallback: 1 }];
  let skip = 0;
  const write = (text: string): void => {
    const dropped = Math.min(skip, text.length);
    skip -= dropped;
    if (groups.at(-1)?.silent !== true) out.push(text.slice(dropped));
  };
  for (const [token, word, number, hex, symbol, brace] of source.matchAll(TOKEN)) {
    const group = groups.at(-1) as Group;
    if (brace === '{') groups.push({ ...group });
    else if (brace === '}') {
      if (groups.length > 1) groups.pop();
      skip = 0;
    } else if (word !== undefined) {
      const name = word.toLowerCase();
      if (SILENT.has(name)) group.silent = true;
      else if (BREAKS.has(name)) write('\n');
      else if (name === 'uc') group.fallback = Math.max(0, Number(number ?? 1));
      else if (name === 'u' && number !== undefined) {
        if (!group.silent) out.push(String.fromCharCode(Number(number) & 0xffff));
        skip = group.fallback;
      }
    } else if (hex !== undefined) write(WINDOWS_1252.decode(Uint8Array.of(Number.parseInt(hex, 16))));
    else if (symbol !== undefined) write(SYMBOLS[symbol] ?? '');
    else write(token.replace(/[\r\n]/g, ''));
  }
  return out.join('');
}

const SYMBOLS: Readonly<Record<string, string>> = {
  '\\': '\\',
  '{': '{',
  '}': '}',
  '~': ' ',
  _: '-',
  '\n': '\n',
  '\r': '\n',
};

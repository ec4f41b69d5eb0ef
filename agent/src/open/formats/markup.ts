import { Parser } from 'htmlparser2';

/**
 * Elements whose end ends a word, by local name: paragraphs, table cells, line breaks and list items of WordprocessingML,
 * SpreadsheetML, DrawingML (ECMA-376) and OpenDocument. Runs of formatting (`w:r`, `text:span`) don't: editors cut
 * a word, or a password, into several.
 */
const ENDS_WORD: ReadonlySet<string> = new Set(
  'p h br cr tab tr tc si c v f is row line-break s table-cell table-row list-item comment instrtext title note annotation author'.split(
    ' ',
  ),
);
/** Attributes that hold words or addresses. */
const SPOKEN_ATTRIBUTES: ReadonlySet<string> = new Set(
  'target href descr title name alt author initials value'.split(' '),
);
const MIN_ATTRIBUTE_CHARS = 4;

export interface MarkupOptions {
  /** Every element is a value of its own (document properties). */
  readonly everyElement?: boolean;
  /** HTML, whose elements need not be closed. */
  readonly html?: boolean;
}

/** The text of an XML or HTML document, paragraphs and cells on lines of their own. Linear, and lenient as office programs are. */
export function markupText(
  source: string,
  { everyElement = false, html = false }: MarkupOptions = {},
): string {
  const out: string[] = [];
  let lastIsBreak = true;
  const breakLine = (): void => {
    if (lastIsBreak) return;
    out.push('\n');
    lastIsBreak = true;
  };
  const parser = new Parser(
    {
      ontext(text) {
        // Indentation. A run that is only a blank (`<w:t xml:space="preserve"> </w:t>`) has no line end.
        if (text === '' || (lastIsBreak && text.trim() === '')) return;
        out.push(text);
        lastIsBreak = text.endsWith('\n');
      },
      onopentag(_name, attributes) {
        // A relationship between the document's own files (Open Packaging Conventions, section 9.3).
        if (attributes['Target'] !== undefined && attributes['TargetMode'] !== 'External') return;
        for (const [name, value] of Object.entries(attributes)) {
          if (value.length < MIN_ATTRIBUTE_CHARS || !SPOKEN_ATTRIBUTES.has(localName(name))) continue;
          breakLine();
          out.push(value, '\n');
        }
      },
      onclosetag(name) {
        if (everyElement || ENDS_WORD.has(localName(name))) breakLine();
      },
    },
    { xmlMode: !html, decodeEntities: true },
  );
  parser.end(source);
  return out.join('');
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1).toLowerCase();

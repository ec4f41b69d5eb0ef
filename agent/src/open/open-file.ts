/**
 * One attachment, opened to its end: what it is, the text in it, and the same of every file inside. Runs in the
 * worker; touches no socket and no disk. Every failure becomes a problem of the file it happened in.
 */
import type { FileKind, OpenedAttachment, OpenedFile, OpeningProblem } from '../core/attachment.ts';
import { inflate } from './formats/compressed.ts';
import { readEmail } from './formats/email.ts';
import { markupText } from './formats/markup.ts';
import { notebookText } from './formats/notebook.ts';
import { pdfText } from './formats/pdf.ts';
import { rtfText } from './formats/rtf.ts';
import { readTar } from './formats/tar.ts';
import { textRuns } from './formats/text.ts';
import { type ArchiveEntry, appendedZip, readZip } from './formats/zip.ts';
import { Budget, DEFAULT_LIMITS, type Limits, OpenError } from './limits.ts';
import { type Sniffed, sniff } from './sniff.ts';

export async function openFile(
  bytes: Uint8Array,
  limits: Limits = DEFAULT_LIMITS,
): Promise<OpenedAttachment> {
  const files: OpenedFile[] = [];
  const opened = await new Opening(new Budget(limits), files).open(bytes, undefined, 0);
  return [opened, ...files.filter((file) => file !== opened)];
}

/** What a document is made of, rather than attached to it. */
const DOCUMENT_PARTS: ReadonlySet<FileKind> = new Set(['image', 'audio', 'video', 'font', 'text']);

class Opening {
  readonly #budget: Budget;
  readonly #files: OpenedFile[];

  constructor(budget: Budget, files: OpenedFile[]) {
    this.#budget = budget;
    this.#files = files;
  }

  async open(bytes: Uint8Array, name: string | undefined, depth: number): Promise<OpenedFile> {
    let sniffed: Sniffed = { kind: 'other', mediaType: 'application/octet-stream', format: 'binary' };
    let text = '';
    let problem: OpeningProblem | undefined;
    const at = this.#files.length;
    try {
      this.#budget.enter(depth);
      sniffed = await sniff(bytes);
      text = this.#budget.read(await this.#read(bytes, sniffed, depth));
      if (sniffed.format !== 'zip') await this.#readHiddenZip(bytes, depth);
    } catch (error) {
      problem = error instanceof OpenError ? error.code : 'unreadable-attachment';
    }
    const { kind, mediaType } = sniffed;
    const file: OpenedFile = {
      kind,
      mediaType,
      ...(name !== undefined && { name }),
      depth,
      bytes: bytes.length,
      text,
      ...(problem !== undefined && { problem }),
    };
    this.#files.splice(at, 0, file);
    return file;
  }

  async #read(
    bytes: Uint8Array,
    { format, kind, text = '', mediaType }: Sniffed,
    depth: number,
  ): Promise<string> {
    switch (format) {
      case 'text':
        return text;
      case 'binary':
        return textRuns(bytes);
      case 'none':
        return '';
      case 'sealed':
        throw new OpenError('unreadable-attachment', `is packed in a way that isn't opened: ${mediaType}`);
      case 'locked':
        throw new OpenError('encrypted-archive', 'needs a password');
      case 'pdf':
        return pdfText(bytes, this.#budget);
      case 'rtf':
        return rtfText(bytes);
      case 'notebook':
        return notebookText(text);
      case 'gzip':
      case 'zstd':
        await this.open(await inflate(bytes, format, this.#budget), 'content', depth + 1);
        this.#stopIfSpent();
        return '';
      case 'tar':
        return this.#readArchive(readTar(bytes), depth);
      case 'zip':
        return kind === 'office'
          ? this.#readDocument(bytes, depth)
          : this.#readArchive(readZip(bytes, this.#budget), depth);
      case 'email': {
        const { text: words, attachments } = await readEmail(bytes);
        for (const { name, read } of attachments) await this.open(await read(), name, depth + 1);
        this.#stopIfSpent();
        return words;
      }
      default:
        return format satisfies never;
    }
  }

  /** Every file of an archive; the first that can't be had is the archive's problem, and the rest is opened all the same. */
  async #readArchive(entries: AsyncIterable<ArchiveEntry>, depth: number): Promise<string> {
    let failed: unknown;
    for await (const { name, read } of entries) {
      try {
        await this.open(await read(), name, depth + 1);
      } catch (error) {
        failed ??= error;
      }
      this.#stopIfSpent();
    }
    if (failed !== undefined) throw failed;
    return '';
  }

  /** Office documents (ECMA-376, OpenDocument, EPUB) are zip archives of XML: one text, and what is embedded on its own. */
  async #readDocument(bytes: Uint8Array, depth: number): Promise<string> {
    const texts: string[] = [];
    for await (const { name, read } of readZip(bytes, this.#budget)) {
      const part = await read();
      if (/\.(?:xml|rels|x?html?|opf|ncx|vml)$/i.test(name) || name === 'mimetype') {
        const source = Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('utf8');
        const everyElement = /^(?:docProps|customXml)\/|^meta\.xml$|\.vml$/i.test(name);
        if (!isStyle(name)) texts.push(markupText(source, { everyElement }));
      } else {
        const at = this.#files.length;
        const { kind, problem } = await this.open(part, name, depth + 1);
        const isPart = DOCUMENT_PARTS.has(kind) && problem === undefined && this.#files[at]?.text === '';
        if (isPart && this.#files.length === at + 1) this.#files.pop();
        this.#stopIfSpent();
      }
    }
    return texts.join('\n');
  }

  #stopIfSpent(): void {
    if (this.#budget.isSpent) throw new OpenError('archive-bomb', 'holds an archive bomb');
  }

  /** A zip archive behind the end of a picture or a PDF: most unpackers find it from its end. */
  async #readHiddenZip(bytes: Uint8Array, depth: number): Promise<void> {
    const archive = appendedZip(bytes);
    if (archive === undefined) return;
    this.#budget.enter(depth + 1);
    const at = this.#files.length;
    let problem: OpeningProblem | undefined;
    try {
      await this.#readArchive(readZip(archive, this.#budget), depth + 1);
    } catch (error) {
      problem = error instanceof OpenError ? error.code : 'unreadable-attachment';
    }
    this.#files.splice(at, 0, {
      kind: 'archive',
      mediaType: 'application/zip',
      name: 'appended.zip',
      depth: depth + 1,
      bytes: archive.length,
      text: '',
      ...(problem !== undefined && { problem }),
    });
  }
}

/** Looks without words. */
const isStyle = (name: string): boolean =>
  /(?:^|\/)(?:styles|stylesWithEffects|theme\d*|fontTable|webSettings|numbering|presProps|viewProps|tableStyles)\.xml$/i.test(
    name,
  );

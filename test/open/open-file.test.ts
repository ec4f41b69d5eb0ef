import { readFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../agent/src/open/limits.ts';
import { openFile } from '../../agent/src/open/open-file.ts';
import { tarOf, zipOf } from '../kit/archives.ts';

/** Made by python-docx, openpyxl, python-pptx, odfpy, reportlab, pypdf, xlwt, nbformat, Python's email, msoffcrypto and Info-ZIP. */
const fixture = (name: string): Uint8Array => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

describe('documents of real programs', () => {
  it.each([
    ['words.docx', 'office', ['The code name is blueheron', 'left cell\nright cell', 'words in the header']],
    ['words.docx', 'office', ['title of the document']],
    ['words.xlsx', 'office', ['shared words', '4111111111111111', 'words in a remark', 'Budget']],
    ['words.pptx', 'office', ['words on a slide', 'bullet words', 'words for the speaker']],
    ['words.odt', 'office', ['open document blueheron']],
    ['words.ods', 'office', ['first cell\nsecond cell']],
    ['words.xls', 'office', ['words of ninety-seven']],
    ['words.rtf', 'office', ['The code name is blueheron', 'café €uro']],
    [
      'words.pdf',
      'pdf',
      ['words in a paper', 'second page words', 'title of the paper', 'https://example.com/token'],
    ],
    ['words.ipynb', 'notebook', ['password = "blue\\"heron"', 'printed words\nmore']],
    ['words.eml', 'email', ['words in a subject', 'words in a message']],
  ])('%s is %s, with its words', async (name, kind, words) => {
    const [file] = await openFile(fixture(name));
    expect(file).toMatchObject({ kind, depth: 0 });
    expect(file.problem).toBeUndefined();
    for (const word of words) expect(file.text).toContain(word);
  });

  it('an attachment of a message is opened too', async () => {
    const [, plan] = await openFile(fixture('words.eml'));
    expect(plan).toMatchObject({ name: 'plan.docx', kind: 'office', depth: 1 });
    expect(plan?.text).toContain('blueheron');
  });

  it.each(['locked.zip', 'locked.pdf', 'locked.xlsx'])('%s needs a password', async (name) => {
    const [file] = await openFile(fixture(name));
    expect(file.problem).toBe('encrypted-archive');
  });

  it.each(['words.docx', 'words.pdf', 'words.xlsx'])(
    '%s cut in half is unreadable, not empty',
    async (name) => {
      const bytes = fixture(name);
      const [file] = await openFile(bytes.subarray(0, bytes.length / 2));
      expect(file.problem).toBe('unreadable-attachment');
    },
  );

  it('pictures, styles and fonts of a document are no files of their own', async () => {
    expect(await openFile(fixture('words.docx'))).toHaveLength(1);
  });
});

describe('archives', () => {
  it('zip, tar, gzip and zstd within each other', async () => {
    const inner = tarOf({ 'a/notes.txt': 'words in a tar' });
    const bytes = zipOf([
      { name: 'deep.tar.gz', data: gzipSync(inner) },
      { name: 'log.zst', data: zstdCompressSync(Buffer.from('words in zstd')) },
      { name: 'readme.md', data: 'words in a zip' },
    ]);
    const files = await openFile(bytes);
    expect(files.map(({ name, kind, depth, text }) => [name, kind, depth, text])).toEqual([
      [undefined, 'archive', 0, ''],
      ['deep.tar.gz', 'archive', 1, ''],
      ['content', 'archive', 2, ''],
      ['a/notes.txt', 'text', 3, 'words in a tar'],
      ['log.zst', 'archive', 1, ''],
      ['content', 'text', 2, 'words in zstd'],
      ['readme.md', 'text', 1, 'words in a zip'],
    ]);
  });

  it('one encrypted entry makes the archive encrypted, and the others are read all the same', async () => {
    const files = await openFile(
      zipOf([
        { name: 'locked.txt', data: 'nobody reads this', encrypted: true },
        { name: 'open.txt', data: 'words' },
      ]),
    );
    expect(files[0].problem).toBe('encrypted-archive');
    expect(files[1]).toMatchObject({ name: 'open.txt', text: 'words' });
  });

  it('an entry that lies about its size is unreadable', async () => {
    const [file] = await openFile(zipOf([{ name: 'a', data: 'a'.repeat(10_000), claimedSize: 10 }]));
    expect(file.problem).toBe('unreadable-attachment');
  });

  it('an archive behind the end of a picture is found', async () => {
    const png = Buffer.concat([
      Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex'),
      Buffer.alloc(64),
    ]);
    const files = await openFile(Buffer.concat([png, zipOf([{ name: 'x.txt', data: 'words behind' }])]));
    expect(files.map(({ kind }) => kind)).toEqual(['image', 'archive', 'text']);
    expect(files[2]?.text).toBe('words behind');
  });

  it.each([
    ['rar', '526172211a0701003392b5e50a01050600050101808000'],
    ['7z', '377abcaf271c000400000000000000000000000000000000'],
  ])('%s is known and not opened', async (_name, hex) => {
    const [file] = await openFile(Buffer.from(hex, 'hex'));
    expect(file).toMatchObject({ kind: 'archive', problem: 'unreadable-attachment' });
  });
});

describe('archive bombs', () => {
  const zeroes = Buffer.alloc(40 * 1024 * 1024);

  it('a file that unpacks to a thousand times its size', async () => {
    const [file] = await openFile(zipOf([{ name: 'zeroes', data: zeroes }]));
    expect(file.problem).toBe('archive-bomb');
  });

  it('the same within gzip within zip, and what follows it is not unpacked', async () => {
    const files = await openFile(
      zipOf([
        { name: 'zeroes.gz', data: gzipSync(zeroes) },
        { name: 'after.txt', data: 'never read' },
      ]),
    );
    expect(files.map(({ problem }) => problem)).toEqual(['archive-bomb', 'archive-bomb']);
  });

  it('a document with one', async () => {
    const [file] = await openFile(
      zipOf([
        {
          name: '[Content_Types].xml',
          data: '<Types><Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        },
        { name: 'word/document.xml', data: zeroes },
      ]),
    );
    expect(file).toMatchObject({ problem: 'archive-bomb' });
  });

  it('too many entries, too deep a nest, too much in all', async () => {
    const many = zipOf(Array.from({ length: 40 }, (_, index) => ({ name: `${index}`, data: 'x' })));
    expect((await openFile(many, { ...DEFAULT_LIMITS, maxEntries: 20 }))[0].problem).toBe('archive-bomb');
    let nested = zipOf([{ name: 'core', data: 'x' }]);
    for (let depth = 0; depth < 7; depth++) nested = zipOf([{ name: 'shell.zip', data: nested }]);
    expect((await openFile(nested))[0].problem).toBe('archive-bomb');
    const large = zipOf([{ name: 'a', data: Buffer.alloc(3_000_000) }]);
    expect((await openFile(large, { ...DEFAULT_LIMITS, maxInflatedBytes: 1_000_000 }))[0].problem).toBe(
      'archive-bomb',
    );
  });

  it('more text than is read is a problem, not a pass', async () => {
    const [file] = await openFile(Buffer.from('words '.repeat(100)), {
      ...DEFAULT_LIMITS,
      maxTextChars: 100,
    });
    expect(file.problem).toBe('unreadable-attachment');
  });
});

describe('anything else', () => {
  it('readable runs of a binary file are its text', async () => {
    const bytes = Buffer.concat([
      Buffer.from([0, 1, 2, 0xff]),
      Buffer.from('narrow words'),
      Buffer.from([0, 0, 0]),
      Buffer.from('wide words', 'utf16le'),
      Buffer.from([0, 0, 7]),
    ]);
    const [file] = await openFile(bytes);
    expect(file).toMatchObject({ kind: 'other', text: 'narrow words\nwide words' });
  });

  it('empty', async () => {
    expect(await openFile(new Uint8Array())).toEqual([
      { kind: 'text', mediaType: 'text/plain', depth: 0, bytes: 0, text: '' },
    ]);
  });
});

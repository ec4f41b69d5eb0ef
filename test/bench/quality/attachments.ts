/** Whether files are known by their content, whatever they are called, and whether the words in them are found. */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { AttachmentOpener, FileKind, OpenedAttachment } from '../../../agent/src/core/attachment.ts';
import { mismatches } from '../../../agent/src/guard/attachment/declared.ts';
import { createSecretsDetector } from '../../../agent/src/guard/secrets/build.ts';
import { createSizeDetector } from '../../../agent/src/guard/size/size.ts';
import { createOpener } from '../../../agent/src/open/open.ts';
import { tarOf, zipOf } from '../../kit/archives.ts';
import { exchangeOf, partOf } from '../../kit/decide.ts';
import { createRandom, ofShape } from '../../kit/random-text.ts';

interface Sample {
  readonly name: string;
  readonly kind: FileKind;
  readonly bytes: Uint8Array;
}

const FIXTURES = new URL('../../open/fixtures/', import.meta.url);
const FIXTURE_KINDS: Readonly<Record<string, FileKind>> = {
  docx: 'office',
  xlsx: 'office',
  pptx: 'office',
  odt: 'office',
  ods: 'office',
  xls: 'office',
  rtf: 'office',
  pdf: 'pdf',
  eml: 'email',
  ipynb: 'notebook',
  zip: 'archive',
};
/** First bytes that formats are published with; zeros follow. */
const HEADS: readonly (readonly [string, FileKind, string])[] = [
  [
    'a.png',
    'image',
    '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\0IDAT',
  ],
  ['a.jpg', 'image', '\xff\xd8\xff\xe0\0\x10JFIF\0'],
  ['a.gif', 'image', 'GIF89a'],
  ['a.exe', 'executable', 'MZ\x90\0'],
  ['a.so', 'executable', '\x7fELF\x02\x01\x01\0'],
  ['a.wasm', 'executable', '\0asm\x01\0\0\0'],
  ['a.sqlite', 'database', 'SQLite format 3\0'],
  ['a.mp3', 'audio', 'ID3\x04\0\0\0\0\0\0\xff\xfb\x90\x64'],
  ['a.mp4', 'video', '\0\0\0\x18ftypmp42\0\0\0\0mp42isom'],
  ['a.7z', 'archive', "7z\xbc\xaf'\x1c\0\x04"],
  ['a.jks', 'key-store', '\xfe\xed\xfe\xed\0\0\0\x02'],
  ['a.kdbx', 'key-store', '\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5'],
];
/** What each is called when it is called something else. */
const LIES: readonly (readonly [name: string, mediaType: string])[] = [
  ['photo.png', 'image/png'],
  ['notes.pdf', 'application/pdf'],
  ['letter.docx', 'application/octet-stream'],
];

function samples(): Sample[] {
  const found = readdirSync(FIXTURES).map((name): Sample => {
    const kind = FIXTURE_KINDS[name.split('.').at(-1) ?? ''] ?? 'other';
    return { name, kind, bytes: readFileSync(new URL(name, FIXTURES)) };
  });
  for (const [name, kind, head] of HEADS)
    found.push({ name, kind, bytes: Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(600)]) });
  const words = 'plain words, one after another\n'.repeat(20);
  found.push({ name: 'a.txt', kind: 'text', bytes: Buffer.from(words) });
  found.push({ name: 'a.tar', kind: 'archive', bytes: tarOf({ 'a.txt': words }) });
  found.push({ name: 'a.gz', kind: 'archive', bytes: gzipSync(words) });
  found.push({ name: 'made.zip', kind: 'archive', bytes: zipOf([{ name: 'a.txt', data: words }]) });
  found.push({ name: 'utf16.txt', kind: 'text', bytes: Buffer.from(`\ufeff${words}`, 'utf16le') });
  return found;
}

/** Words that Office, LibreOffice and a PDF printer have put into the fixtures; how they lie in it differs. */
const WORDS: Readonly<Record<string, string>> = {
  'words.docx': 'The code name is blueheron',
  'words.xlsx': 'words in a remark',
  'words.pptx': 'words for the speaker',
  'words.odt': 'open document blueheron',
  'words.ods': 'first cell',
  'words.xls': 'words of ninety-seven',
  'words.rtf': 'The code name is blueheron',
  'words.ipynb': 'printed words',
  'words.eml': 'words in a message',
};

export async function benchAttachments(): Promise<void> {
  const opener = createOpener();
  try {
    await printKinds(opener);
    await printTexts(opener);
  } finally {
    await opener.close();
  }
  printSizes();
}

async function printKinds(opener: AttachmentOpener): Promise<void> {
  const counts = new Map<FileKind, { files: number; right: number; told: number }>();
  const of = (kind: FileKind) => {
    const known = counts.get(kind) ?? { files: 0, right: 0, told: 0 };
    counts.set(kind, known);
    return known;
  };
  let lies = 0;
  let seen = 0;
  let falseAlarms = 0;
  const all = samples();
  for (const { name, kind, bytes } of all) {
    const [{ kind: told }] = await opener.open({ form: 'bytes', bytes });
    of(kind).files++;
    of(told).told++;
    if (told === kind) of(kind).right++;
    if (mismatches(partOf({ kind: 'file', fileName: name }), told)) falseAlarms++;
    for (const [fileName, mediaType] of LIES) {
      const isLie = !FAMILIES.some((family) => family.includes(kind) && fileName.endsWith(family[1] ?? '-'));
      if (!isLie) continue;
      lies++;
      if (mismatches(partOf({ kind: 'file', fileName, mediaType }), told)) seen++;
    }
  }
  console.log('\n### Attachments\n\n| kind, by content | files | recall | precision |\n|---|---|---|---|');
  for (const [kind, { files, right, told }] of counts)
    console.log(`| ${kind} | ${files} | ${rate(right, files)} | ${rate(right, told)} |`);
  console.log(
    `\nCalled something else: ${seen} of ${lies} seen; called what they are: ${falseAlarms} of ${all.length} suspected.`,
  );
}

/** A kind, and the name among the lies that is true of it. */
const FAMILIES: readonly (readonly [FileKind, string])[] = [
  ['image', '.png'],
  ['pdf', '.pdf'],
  ['office', '.docx'],
];

async function printTexts(opener: AttachmentOpener): Promise<void> {
  const key = ofShape('AKIA{U16}', createRandom(51));
  const note = `aws_access_key_id = ${key}\n`;
  const detector = createSecretsDetector();
  const inside = zipOf([{ name: 'deep/.env', data: note }]);
  const hidden: readonly (readonly [string, Uint8Array])[] = [
    ['text', Buffer.from(note)],
    ['UTF-16', Buffer.from(`\ufeff${note}`, 'utf16le')],
    ['zip', inside],
    ['zip in a zip', zipOf([{ name: 'a.zip', data: inside }])],
    ['tar', tarOf({ '.env': note })],
    ['gzip', gzipSync(note)],
    ['tar.gz', gzipSync(tarOf({ '.env': note }))],
    ['picture', Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.from(note)])],
  ];
  console.log('\n| a key in | found |\n|---|---|');
  for (const [where, bytes] of hidden) {
    const files = await opener.open({ form: 'bytes', bytes });
    console.log(
      `| ${where} | ${textsOf(files).some((text) => detector.scan(text).length > 0) ? 'yes' : 'no'} |`,
    );
  }
  const missing: string[] = [];
  for (const [name, words] of Object.entries(WORDS)) {
    const bytes = readFileSync(new URL(name, FIXTURES));
    if (!textsOf(await opener.open({ form: 'bytes', bytes })).some((text) => text.includes(words)))
      missing.push(name);
  }
  const count = Object.keys(WORDS).length;
  console.log(
    `\nWords in documents: ${count - missing.length} of ${count} found${missing.map((name) => `, not in ${name}`).join('')}.`,
  );
}

const textsOf = (files: OpenedAttachment): readonly string[] => files.map(({ text }) => text);

/** A limit of 1,000, and what lies around it. */
function printSizes(): void {
  console.log('\n### Size\n\n| limit 1,000 | 999 | 1,000 | 1,001 |\n|---|---|---|---|');
  const none = { maxBytes: undefined, maxTokens: undefined, maxMessages: undefined };
  const passed = (limits: object, bytes: number, messages: number): string => {
    const parts = Array.from({ length: messages }, (_, i) =>
      partOf({ pointer: `/messages/${i}/content`, text: 'x' }),
    );
    const found = createSizeDetector('size', { ...none, ...limits }).inspect({
      exchange: exchangeOf({ parts }),
      bytes,
      nowMs: 0,
    });
    return !(found instanceof Promise) && found.length > 0 ? 'found' : '–';
  };
  const around = [999, 1000, 1001];
  console.log(`| bytes | ${around.map((count) => passed({ maxBytes: 1000 }, count, 1)).join(' | ')} |`);
  console.log(`| messages | ${around.map((count) => passed({ maxMessages: 1000 }, 1, count)).join(' | ')} |`);
}

const rate = (part: number, whole: number): string => (whole === 0 ? '–' : (part / whole).toFixed(3));

if (import.meta.main) await benchAttachments();

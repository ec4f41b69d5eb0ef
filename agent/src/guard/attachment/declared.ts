/** What a caller says that a file is: its media type, else the end of its name. */
import type { FileKind } from '../../core/attachment.ts';
import type { Part } from '../../core/exchange.ts';

const BY_MEDIA_TYPE: readonly (readonly [RegExp, FileKind])[] = [
  [/^image\//, 'image'],
  [/^audio\//, 'audio'],
  [/^video\//, 'video'],
  [/^font\//, 'font'],
  [/^message\/rfc822$/, 'email'],
  [/^text\/|\b(?:json|xml|yaml|javascript|toml|sql)$/, 'text'],
  [/^application\/pdf$/, 'pdf'],
  [
    /^application\/(?:msword|rtf|epub\+zip|vnd\.ms-|vnd\.openxmlformats-officedocument|vnd\.oasis\.opendocument)/,
    'office',
  ],
  [/^application\/(?:zip|gzip|x-tar|x-7z|vnd\.rar|x-rar|zstd|x-bzip|x-xz|x-zip)/, 'archive'],
  [/^application\/(?:x-msdownload|x-executable|x-elf|x-mach|java-archive|wasm|vnd\.android)/, 'executable'],
  [/^application\/(?:x-sqlite3|vnd\.sqlite3|x-msaccess|vnd\.apache\.parquet)/, 'database'],
  [/^application\/(?:x-pkcs12|x-pem-file|pgp-keys)/, 'key-store'],
  [/^application\/x-ipynb/, 'notebook'],
];

const BY_EXTENSION: Readonly<Record<string, FileKind>> = Object.fromEntries(
  (
    [
      ['image', 'png jpg jpeg gif webp bmp tif tiff heic svg'],
      ['audio', 'mp3 wav ogg flac m4a'],
      ['video', 'mp4 mov avi mkv webm'],
      ['pdf', 'pdf'],
      ['office', 'doc docx docm xls xlsx xlsm ppt pptx odt ods odp rtf epub msg'],
      ['archive', 'zip gz tgz tar 7z rar bz2 xz zst'],
      ['executable', 'exe dll so dylib class jar apk wasm'],
      ['database', 'sqlite sqlite3 db mdb accdb parquet'],
      ['email', 'eml'],
      ['notebook', 'ipynb'],
      ['key-store', 'p12 pfx jks kdbx'],
      ['text', 'txt md csv tsv json yaml yml xml html css js ts py java go rs c h cpp sh sql log toml ini'],
    ] as const
  ).flatMap(([kind, names]) => names.split(' ').map((name) => [name, kind] as const)),
);

/** Undefined if nothing is said. `application/octet-stream` says nothing. */
export function declaredKind(
  mediaType: string | undefined,
  fileName: string | undefined,
): FileKind | undefined {
  const type = mediaType?.split(';')[0]?.trim().toLowerCase() ?? '';
  const named = BY_MEDIA_TYPE.find(([pattern]) => pattern.test(type))?.[1];
  if (named !== undefined) return named;
  return BY_EXTENSION[fileName?.toLowerCase().match(/\.([a-z0-9]+)$/)?.[1] ?? ''];
}

/** Kinds that are text too: a key file or a message sent as plain text is no lie, nor is a drawing in SVG. */
const TEXTUAL: ReadonlySet<FileKind> = new Set(['text', 'email', 'notebook', 'key-store']);

/** True if the content is of another kind than the caller says, in media type or name. */
export function mismatches({ mediaType, fileName }: Part, kind: FileKind): boolean {
  if (kind === 'other') {
    // Unknown content under the name of a format that everybody knows.
    const declared = declaredKind(mediaType, fileName);
    return declared === 'text' || declared === 'pdf' || declared === 'office' || declared === 'image';
  }
  return [declaredKind(mediaType, undefined), declaredKind(undefined, fileName)].some(
    (declared) => declared !== undefined && !agree(declared, kind, mediaType),
  );
}

function agree(declared: FileKind, kind: FileKind, mediaType: string | undefined): boolean {
  if (declared === kind) return true;
  if (TEXTUAL.has(declared) && TEXTUAL.has(kind)) return true;
  // SVG is text; recordings and films share containers; an office document and a program may be a zip.
  if (kind === 'text' && declared === 'image') return mediaType === undefined || /svg/i.test(mediaType);
  if (kind === 'text') return declared === 'office' ? false : declared === 'database';
  const media = new Set<FileKind>(['audio', 'video']);
  if (media.has(declared) && media.has(kind)) return true;
  return declared === 'archive' && (kind === 'executable' || kind === 'office');
}

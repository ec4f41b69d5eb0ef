/** The three files of a device's authority: only their owner may read the key, and none is ever half written. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { CertificateError } from './errors.ts';

const DIRECTORY_MODE = 0o700;
const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;
const OTHERS = 0o077;
const MAX_FILE_BYTES = 1_048_576;
const posix = process.platform !== 'win32';
/** Windows has no O_NOFOLLOW; making a link there needs a privilege. */
const NO_FOLLOW = posix ? fs.constants.O_NOFOLLOW : 0;

/** Makes the directory if need be, and closes one of ours that is open to others. */
export function secureDirectory(directory: string): void {
  try {
    fs.mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
    const stat = fs.statSync(directory);
    if (!stat.isDirectory()) throw unsafe(directory, 'is not a directory');
    if (!posix) return;
    if (stat.uid !== process.getuid?.()) throw unsafe(directory, 'belongs to another user');
    if ((stat.mode & OTHERS) !== 0) fs.chmodSync(directory, DIRECTORY_MODE);
  } catch (error) {
    if (error instanceof CertificateError) throw error;
    throw notWritten(directory, error);
  }
}

/** Reads a plain file of ours; undefined if there is none. `privateOnly`: nobody else may be able to read it. */
export function readOwnFile(file: string, privateOnly: boolean): string | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | NO_FOLLOW);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw unsafe(file, 'is a link', error);
    throw new CertificateError('missing-file', `${file} can't be read (${code}).`, {
      file,
      mend: 'Give the agent the right to read it, or run `postern trust renew`.',
      cause: error,
    });
  }
  try {
    checkOwnFile(file, fs.fstatSync(descriptor), privateOnly);
    return fs.readFileSync(descriptor, 'utf8');
  } finally {
    fs.closeSync(descriptor);
  }
}

function checkOwnFile(file: string, stat: fs.Stats, privateOnly: boolean): void {
  if (!stat.isFile() || stat.size > MAX_FILE_BYTES) throw unsafe(file, 'is not a plain file of this kind');
  if (!posix) return;
  const uid = process.getuid?.();
  // Root may own what an administrator put there.
  if (stat.uid !== uid && stat.uid !== 0) throw unsafe(file, 'belongs to another user');
  if ((stat.mode & 0o022) !== 0) throw unsafe(file, 'can be changed by others');
  if (privateOnly && (stat.mode & OTHERS) !== 0) {
    throw new CertificateError('key-exposed', `${file} is a private key that others can read.`, {
      file,
      mend: `If you know that nobody copied it: chmod 600 ${file}. Otherwise replace it: \`postern trust renew\`, or a new one from IT.`,
    });
  }
}

export interface FileToWrite {
  readonly file: string;
  readonly content: string;
  readonly private: boolean;
}

/**
 * Writes all of them beside their places, flushed, and only then moves each into place, in this order. A crash
 * leaves the old files, or (between two renames) a mismatch that opening detects; never a part of a file.
 */
export function replaceFiles(files: readonly FileToWrite[]): void {
  const staged: { temporary: string; file: string }[] = [];
  try {
    for (const { file, content, private: isPrivate } of files) {
      const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
      staged.push({ temporary, file });
      writeFlushed(temporary, content, isPrivate ? PRIVATE_MODE : PUBLIC_MODE);
    }
    for (const { temporary, file } of staged) fs.renameSync(temporary, file);
    for (const directory of new Set(staged.map(({ file }) => path.dirname(file)))) flushDirectory(directory);
  } catch (error) {
    for (const { temporary } of staged) fs.rmSync(temporary, { force: true });
    throw notWritten(files[0]?.file ?? '', error);
  }
}

function writeFlushed(file: string, content: string, mode: number): void {
  const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
  const descriptor = fs.openSync(file, O_WRONLY | O_CREAT | O_EXCL | NO_FOLLOW, mode);
  try {
    fs.writeFileSync(descriptor, content);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** So that the renames survive a power cut too. Windows can't open a directory. */
function flushDirectory(directory: string): void {
  if (!posix) return;
  const descriptor = fs.openSync(directory, fs.constants.O_RDONLY);
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';

const unsafe = (file: string, what: string, cause?: unknown): CertificateError =>
  new CertificateError('unsafe-file', `${file} ${what}.`, {
    file,
    mend: 'Somebody may have put it there: remove it, then run `postern trust renew`.',
    cause,
  });

const notWritten = (file: string, cause: unknown): CertificateError =>
  new CertificateError('write-failed', `${file} can't be written (${codeOf(cause)}).`, {
    file,
    mend: 'Make the directory writable and see that the disk has room, or choose another home with --home.',
    cause,
  });

import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { FileText } from '../guard/build.ts';

/** Larger lists than this belong into a service of their own. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 10;

export const companionPath = (policyFile: string, name: string): string =>
  path.resolve(path.dirname(policyFile), name);

/** A file that a rule names, relative to the policy document. */
export function readBesidePolicy(policyFile: string, name: string): FileText {
  const file = companionPath(policyFile, name);
  let bytes: Buffer;
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return { ok: false, message: `${file} isn't a file.` };
    if (stat.size > MAX_FILE_BYTES) return { ok: false, message: `${file} is larger than 16 MB.` };
    bytes = readFileSync(file);
  } catch (cause) {
    return { ok: false, message: `${file} can't be read: ${(cause as Error).message}.` };
  }
  const text = decode(bytes);
  if (text !== undefined) return { ok: true, text };
  return { ok: false, message: `${file}, line ${firstUndecodableLine(bytes)}: this isn't UTF-8 text.` };
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** From 1. A line break is one byte in UTF-8, and never part of another character. */
function firstUndecodableLine(bytes: Buffer): number {
  for (let line = 1, start = 0; ; line++) {
    const newline = bytes.indexOf(NEWLINE, start);
    if (newline < 0 || decode(bytes.subarray(start, newline)) === undefined) return line;
    start = newline + 1;
  }
}

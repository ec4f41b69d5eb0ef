import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { type Context, commonOptions, placeOf } from './context.ts';
import { checkPeriod } from './period.ts';
import { type AuditExport, CommandFailure } from './ports.ts';

export interface ExportOptions {
  readonly format: AuditExport['format'];
  readonly since?: number;
  readonly until?: number;
  readonly out: string;
}

/** `postern audit export`: to standard output as it is read, or whole into a file. */
export async function exportLog(context: Context, options: ExportOptions, command: Command): Promise<void> {
  const common = commonOptions(command);
  const { format, since, until, out } = options;
  checkPeriod(since, until);
  const wanted: AuditExport = {
    format,
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
  };
  const lines = context.commands.auditExport(placeOf(context, common), wanted);
  if (out === '-') {
    if (common.json === true && (format === 'csv' || format === 'cef')) {
      const mend = 'Leave --json out, or use --format jsonl or ocsf.';
      throw new CommandFailure('format-not-json', 2, `${format} is not JSON.`, mend);
    }
    return toOutput(context, lines);
  }
  const file = path.resolve(context.io.cwd, out);
  const records = await toFile(file, lines, format === 'csv' ? 1 : 0);
  if (common.json === true) context.out.line(JSON.stringify({ file, format, records }, undefined, 2));
  else context.out.line(`${records} ${records === 1 ? 'record' : 'records'} written to ${out}.`);
}

async function toOutput(context: Context, lines: AsyncIterable<string>): Promise<void> {
  for await (const line of lines) {
    if (context.out.gone) break;
    await context.out.textWithBackpressure(line);
  }
}

/** Beside its place first, then into it: a broken-off export never looks like a whole one. Who did what is private: 0600. */
async function toFile(file: string, lines: AsyncIterable<string>, headings: number): Promise<number> {
  const aside = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  let count = -headings;
  const counted = async function* (): AsyncGenerator<string> {
    for await (const line of lines) {
      count += 1;
      yield line;
    }
  };
  try {
    await pipeline(Readable.from(counted()), fs.createWriteStream(aside, { flags: 'wx', mode: 0o600 }));
    fs.renameSync(aside, file);
    return count;
  } catch (error) {
    fs.rmSync(aside, { force: true });
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const mend = 'Check the folder, its rights and its space.';
    throw new CommandFailure('out-not-writable', 2, `${file} can't be written: ${error.message}`, mend, {
      cause: error,
    });
  }
}

/** Files that a log shipper follows, on a real file system. */
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFileSink } from '../../../../agent/src/sync/telemetry/sinks/file-sink.ts';
import { outboxRecord as record } from '../../../kit/outbox-record.ts';

describe('a file', () => {
  const folder = (): string => {
    const made = mkdtempSync(path.join(tmpdir(), 'postern-sink-'));
    onTestFinished(() => {
      chmodSync(made, 0o700);
      rmSync(made, { recursive: true, force: true });
    });
    return made;
  };
  const sinkFor = (file: string, changes = {}) =>
    createFileSink({ file, format: 'jsonl', maxBytes: 1_000, keep: 2, line: ({ text }) => text, ...changes });
  const signal = AbortSignal.timeout(5_000);

  it('gets a line for each record, is private, and is rotated', async () => {
    const file = path.join(folder(), 'postern.log');
    const sink = sinkFor(file);
    for (let round = 0; round < 8; round++) {
      const records = [1, 2].map((number) =>
        record(number, { text: `${round}.${number} ${'x'.repeat(300)}` }),
      );
      expect(await sink.deliver(records, signal)).toEqual({ type: 'delivered', rejected: 0 });
    }
    expect(readdirSync(path.dirname(file)).sort()).toEqual(['postern.log', 'postern.log.1', 'postern.log.2']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const lines = ['.2', '.1', ''].flatMap((suffix) =>
      readFileSync(file + suffix, 'utf8')
        .trim()
        .split('\n'),
    );
    expect(lines.map((line) => line.split(' ')[0])).toEqual(
      [2, 3, 4, 5, 6, 7].flatMap((round) => [`${round}.1`, `${round}.2`]),
    );
  });

  it('keeps what an interrupted write left behind apart from the next line', async () => {
    const file = path.join(folder(), 'postern.log');
    writeFileSync(file, '{"half', { mode: 0o600 });
    await sinkFor(file).deliver([record(1)], signal);
    expect(readFileSync(file, 'utf8')).toBe('{"half\nline 1\n');
  });

  it('is not followed through a link, and a folder that is missing is named', async () => {
    const place = folder();
    symlinkSync('/etc/hostname', path.join(place, 'link'));
    expect(await sinkFor(path.join(place, 'link')).deliver([record(1)], signal)).toMatchObject({
      type: 'later',
    });
    expect(await sinkFor(path.join(place, 'none', 'log')).deliver([record(1)], signal)).toMatchObject({
      type: 'later',
      problem: { code: 'file-unwritable', mend: expect.stringContaining('none/log') },
    });
  });
});

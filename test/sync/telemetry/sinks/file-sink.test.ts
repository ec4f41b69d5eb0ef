/** Files that a log shipper follows, on a real file system. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFileSink } from '../../../../agent/src/sync/telemetry/sinks/file-sink.ts';
import { outboxRecord as record } from '../../../kit/outbox-record.ts';
import { mountSmallDisk } from '../../../kit/small-disk.ts';

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

  it('is made anew when a rotation by others took it away, or goes on where they emptied it', async () => {
    const file = path.join(folder(), 'postern.log');
    const sink = sinkFor(file);
    await sink.deliver([record(1)], signal);
    renameSync(file, `${file}.moved`);
    await sink.deliver([record(2)], signal);
    truncateSync(file);
    await sink.deliver([record(3)], signal);
    expect(readFileSync(`${file}.moved`, 'utf8')).toBe('line 1\n');
    expect(readFileSync(file, 'utf8')).toBe('line 3\n');
  });

  it('is lost in no rotation that happens while it is written', async () => {
    const file = path.join(folder(), 'postern.log');
    const sink = sinkFor(file, { maxBytes: 1_000_000 });
    let moved = 0;
    const rotating = setInterval(() => {
      if (existsSync(file)) renameSync(file, `${file}.moved-${++moved}`);
    }, 1);
    for (let i = 1; i <= 200; i++)
      expect(await sink.deliver([record(i)], signal)).toMatchObject({ type: 'delivered' });
    clearInterval(rotating);
    const files = Array.from({ length: moved }, (_, index) => `${file}.moved-${index + 1}`);
    const text = [...files, file]
      .map((name) => (existsSync(name) ? readFileSync(name, 'utf8') : ''))
      .join('');
    expect(text).toBe(Array.from({ length: 200 }, (_, index) => `line ${index + 1}\n`).join(''));
    expect(moved).toBeGreaterThan(1);
  });

  it('waits while its folder is gone, says so, and goes on when it is back', async () => {
    const place = path.join(folder(), 'logs');
    const file = path.join(place, 'postern.log');
    mkdirSync(place);
    const sink = sinkFor(file);
    await sink.deliver([record(1)], signal);
    rmSync(place, { recursive: true });
    expect(await sink.deliver([record(2)], signal)).toMatchObject({
      type: 'later',
      problem: { code: 'file-unwritable', text: expect.stringContaining('its folder is missing') },
    });
    mkdirSync(place);
    expect(await sink.deliver([record(2)], signal)).toMatchObject({ type: 'delivered' });
    expect(readFileSync(file, 'utf8')).toBe('line 2\n');
  });

  it('on a disk that is full keeps whole lines only, says so, and goes on when there is room', async ({
    skip,
  }) => {
    const disk = mountSmallDisk(64);
    if (disk === undefined) return skip('no file system may be mounted here');
    onTestFinished(() => disk.unmount());
    const file = path.join(disk.folder, 'postern.log');
    const ballast = path.join(disk.folder, 'ballast');
    const sink = sinkFor(file, { maxBytes: 1_000_000 });
    await sink.deliver([record(1)], signal);
    writeFileSync(ballast, 'x'.repeat(48 * 1024));
    const batch = Array.from({ length: 100 }, (_, index) =>
      record(index + 2, { text: `${index + 2} ${'y'.repeat(300)}` }),
    );
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await sink.deliver(batch, signal)).toMatchObject({
        type: 'later',
        problem: { code: 'file-unwritable', text: expect.stringContaining('the disk is full') },
      });
      expect(readFileSync(file, 'utf8')).toBe('line 1\n');
    }
    rmSync(ballast);
    expect(await sink.deliver(batch, signal)).toMatchObject({ type: 'delivered' });
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'line',
      ...batch.map(({ sequence }) => String(sequence)),
    ]);
  });

  it.skipIf(process.platform === 'win32')(
    'that is a pipe or a device is refused, and nobody waits for a reader',
    async () => {
      const pipe = path.join(folder(), 'pipe');
      execFileSync('mkfifo', [pipe]);
      for (const file of [pipe, '/dev/full'])
        expect(await sinkFor(file).deliver([record(1)], signal)).toMatchObject({
          type: 'later',
          problem: { code: 'file-unwritable', text: expect.stringContaining('not a regular file') },
        });
    },
  );

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'that the agent may not write is named with what to do',
    async () => {
      const place = folder();
      chmodSync(place, 0o500);
      const file = path.join(place, 'postern.log');
      expect(await sinkFor(file).deliver([record(1)], signal)).toMatchObject({
        type: 'later',
        problem: { text: expect.stringContaining('the agent may not write there') },
      });
      chmodSync(place, 0o700);
      expect(await sinkFor(file).deliver([record(1)], signal)).toMatchObject({ type: 'delivered' });
    },
  );
});

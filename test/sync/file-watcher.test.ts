import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FileWatcher, watchFile } from '../../agent/src/sync/file-watcher.ts';

let scratch: string;
let watcher: FileWatcher;
const texts: string[] = [];
const missing: string[] = [];
beforeEach(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'pstn-'));
  texts.length = 0;
  missing.length = 0;
});
afterEach(() => {
  watcher.close();
  fs.rmSync(scratch, { recursive: true, force: true });
});

function watch(file: string): void {
  watcher = watchFile({
    file,
    onText: (text) => texts.push(text),
    onMissing: (cause) => missing.push(cause.message),
    debounceMs: 30,
    pollMs: 100,
  });
}
const told = (...expected: string[]): Promise<void> =>
  vi.waitFor(() => expect(texts).toEqual(expected), 3000);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('written in place, then renamed over, as editors save', async () => {
  const file = path.join(scratch, 'policy.yaml');
  fs.writeFileSync(file, 'one');
  watch(file);
  fs.writeFileSync(file, 'two');
  await told('two');
  fs.writeFileSync(`${file}.swp`, 'three');
  fs.renameSync(`${file}.swp`, file);
  await told('two', 'three');
  fs.writeFileSync(file, 'four');
  await told('two', 'three', 'four');
});

test('half-written text is not news', async () => {
  const file = path.join(scratch, 'policy.yaml');
  fs.writeFileSync(file, 'one');
  watch(file);
  const descriptor = fs.openSync(file, 'w');
  for (const piece of ['a', 'b', 'c', 'd']) {
    fs.writeSync(descriptor, piece);
    await pause(10);
  }
  fs.closeSync(descriptor);
  await told('abcd');
});

test('a symlink to a folder is swapped, as Kubernetes and MDM do', async () => {
  for (const version of ['v1', 'v2']) {
    fs.mkdirSync(path.join(scratch, version));
    fs.writeFileSync(path.join(scratch, version, 'config.json'), version);
  }
  fs.symlinkSync('v1', path.join(scratch, '..data'));
  fs.symlinkSync('..data/config.json', path.join(scratch, 'config.json'));
  watch(path.join(scratch, 'config.json'));
  fs.symlinkSync('v2', path.join(scratch, '..data_tmp'));
  fs.renameSync(path.join(scratch, '..data_tmp'), path.join(scratch, '..data'));
  await told('v2');
  fs.writeFileSync(path.join(scratch, 'v2/config.json'), 'v2, edited behind the link');
  await told('v2', 'v2, edited behind the link');
});

test('gone is told once; back is told even if nothing changed', async () => {
  const file = path.join(scratch, 'config.json');
  fs.writeFileSync(file, '{}');
  watch(file);
  fs.rmSync(file);
  await vi.waitFor(() => expect(missing).toHaveLength(1));
  await pause(300);
  expect(missing).toHaveLength(1);
  fs.writeFileSync(file, '{}');
  await told('{}');
});

test('not there yet, nor its folder', async () => {
  const folder = path.join(scratch, 'later');
  watch(path.join(folder, 'config.json'));
  await pause(150);
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'config.json'), 'here');
  await told('here');
  fs.rmSync(folder, { recursive: true });
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'config.json'), 'again');
  await told('here', 'again');
  expect(missing.length).toBeLessThanOrEqual(1);
});

test('touched without a change is no news, and after close nothing is', async () => {
  const file = path.join(scratch, 'config.json');
  fs.writeFileSync(file, 'same');
  watch(file);
  fs.writeFileSync(file, 'same');
  await pause(250);
  watcher.close();
  fs.writeFileSync(file, 'other');
  await pause(250);
  expect(texts).toEqual([]);
});

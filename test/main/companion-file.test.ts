import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readBesidePolicy } from '../../agent/src/main/companion-file.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'postern-companion-'));
const policy = path.join(directory, 'policy.yaml');
const write = (name: string, bytes: Buffer | string) => writeFileSync(path.join(directory, name), bytes);

afterAll(() => rmSync(directory, { recursive: true }));

it('reads UTF-8 beside the policy, without a byte order mark', () => {
  write('names.txt', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('Müller\nAcme')]));
  expect(readBesidePolicy(policy, 'names.txt')).toEqual({ ok: true, text: 'Müller\nAcme' });
});

it.each<[string, Buffer | string, string]>([
  [
    'latin1.txt',
    Buffer.from('Acme\nGlobex\nM\xfcller\n', 'latin1'),
    "latin1.txt, line 3: this isn't UTF-8 text.",
  ],
  ['utf16.txt', Buffer.from('\ufeffAcme', 'utf16le'), "utf16.txt, line 1: this isn't UTF-8 text."],
  ['end.txt', Buffer.from([0x41, 0x0a, 0xc3]), "end.txt, line 2: this isn't UTF-8 text."],
  ['large.txt', Buffer.alloc(16 * 1024 * 1024 + 1, 0x41), 'large.txt is larger than 16 MB.'],
])('says what is wrong with %s', (name, bytes, message) => {
  write(name, bytes);
  expect(readBesidePolicy(policy, name)).toEqual({ ok: false, message: expect.stringContaining(message) });
});

it.each([
  ['missing.txt', 'no such file'],
  ['.', "isn't a file"],
  ['a\0b', "can't be read"],
])('says why %j can’t be had', (name, words) => {
  expect(readBesidePolicy(policy, name)).toEqual({ ok: false, message: expect.stringContaining(words) });
});

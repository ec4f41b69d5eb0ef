import { describe, expect, it } from 'vitest';
import { sniff } from '../../agent/src/open/sniff.ts';

const kindOf = async (bytes: Uint8Array | string): Promise<string> =>
  (await sniff(Buffer.from(bytes as string))).kind;
const hex = (text: string): Buffer => Buffer.concat([Buffer.from(text, 'hex'), Buffer.alloc(600, 1)]);
const begin = (what: string): string => `-----BEGIN ${what}-----\nAAAA\n`;

describe('what a file is, by its content', () => {
  it.each([
    ['a Java key store', hex('feedfeed00000002'), 'key-store'],
    ['a KeePass database', hex('03d9a29a67fb4bb5'), 'key-store'],
    ['PKCS #12', hex('308209b402010330'), 'key-store'],
    ['a private key in PEM', begin('OPENSSH PRIVATE KEY'), 'key-store'],
    ['an encrypted one', begin('ENCRYPTED PRIVATE KEY'), 'key-store'],
    ['a certificate, which is no secret', begin('CERTIFICATE'), 'text'],
    ['ELF', hex('7f454c4602010100'), 'executable'],
    ['Windows', hex('4d5a90000300'), 'executable'],
    ['SQLite', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(100)]), 'database'],
    [
      'Access',
      Buffer.concat([Buffer.from('\0\x01\0\0Standard ACE DB\0', 'latin1'), Buffer.alloc(100)]),
      'database',
    ],
    ['a PDF behind a line of junk', 'junk\n%PDF-1.7\n', 'pdf'],
    ['MP3', hex('494433030000'), 'audio'],
    ['a message', 'From: a@example.org\nTo: b@example.org\nSubject: hello\n\nwords', 'email'],
    ['a mailbox', 'From x Mon\nFrom: a@example.org\nTo: b@example.org\nDate: today\n\nwords', 'email'],
    ['a letter that begins like one', 'To: the board\n\nDear all', 'text'],
    ['a script', '#!/bin/sh\necho hello\n', 'text'],
    ['XML', '<?xml version="1.0"?><a/>', 'text'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"></svg>', 'text'],
    ['JSON', '{"cells": 1}', 'text'],
    ['an empty zip', hex('504b0506').subarray(0, 22), 'archive'],
    ['noise', Buffer.from(Uint8Array.from({ length: 500 }, (_, index) => (index * 151) % 256)), 'other'],
  ])('%s', async (_name, bytes, kind) => {
    expect(await kindOf(bytes)).toBe(kind);
  });
});

import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makePrivateDirectory, makePrivateFile } from '../../agent/src/record/private-files.ts';
import { temporaryHome } from './support.ts';

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const unsafe = expect.objectContaining({ code: 'unsafe-path' });

describe.skipIf(process.platform === 'win32')('private files', () => {
  it('are made 0600 in a directory made 0700, whatever the umask', () => {
    const directory = join(temporaryHome().directory, 'a', 'b');
    makePrivateDirectory(directory);
    expect(modeOf(directory)).toBe(0o700);
    const file = join(directory, 'file');
    expect(makePrivateFile(file)).toEqual({ created: true, bytes: 0 });
    expect(modeOf(file)).toBe(0o600);
  });

  it('that exist keep their contents and lose others’ rights', () => {
    const { directory } = temporaryHome();
    chmodSync(directory, 0o755);
    makePrivateDirectory(directory);
    expect(modeOf(directory)).toBe(0o700);
    const file = join(directory, 'file');
    writeFileSync(file, 'kept', { mode: 0o664 });
    expect(makePrivateFile(file)).toEqual({ created: false, bytes: 4 });
    expect(modeOf(file)).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });

  it('are refused where a link, another name, a directory or a file stands in their place', () => {
    const { directory } = temporaryHome();
    const at = (name: string) => join(directory, name);
    writeFileSync(at('target'), '');
    symlinkSync(at('target'), at('link'));
    symlinkSync(at('nowhere'), at('dangling'));
    linkSync(at('target'), at('second-name'));
    mkdirSync(at('directory'));
    symlinkSync(at('directory'), at('directory-link'));
    for (const name of ['link', 'dangling', 'second-name', 'directory']) {
      expect(() => makePrivateFile(at(name)), name).toThrow(unsafe);
    }
    expect(() => makePrivateDirectory(at('directory-link'))).toThrow(unsafe);
  });
});

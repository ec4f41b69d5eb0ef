import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A file system of its own that is soon full; undefined where none may be mounted. */
export function mountSmallDisk(kilobytes: number): { folder: string; unmount(): void } | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-small-disk-'));
  const options = ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder];
  if (process.platform !== 'linux' || spawnSync('mount', options).status !== 0) {
    rmdirSync(folder);
    return undefined;
  }
  return {
    folder,
    unmount() {
      spawnSync('umount', [folder]);
      rmdirSync(folder);
    },
  };
}

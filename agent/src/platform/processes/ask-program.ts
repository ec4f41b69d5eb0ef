import { execFile } from 'node:child_process';

const TIMEOUT_MS = 5_000;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

/** What one of the system's own programs prints. Rejects if it can't be started or takes too long. */
export function askProgram(file: string, args: readonly string[]): Promise<string> {
  const options = {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
    windowsHide: true,
    env: { LC_ALL: 'C', SystemRoot: 'C:\\Windows' },
  } as const;
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, stdout) => {
      // lsof ends with 1 if any process it looked at had gone; what it printed is still true.
      if (error === null || stdout !== '') resolve(stdout);
      else if (error.code === 1) resolve('');
      else reject(error);
    });
  });
}

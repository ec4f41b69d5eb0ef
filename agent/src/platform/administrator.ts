import { execFileSync } from 'node:child_process';

/** Root, or an elevated Windows administrator. */
export function isAdministrator(): boolean {
  if (process.platform !== 'win32') return process.getuid?.() === 0;
  try {
    // Of Windows itself, and refused to anybody without elevation.
    execFileSync('fltmc', { stdio: 'ignore', windowsHide: true });
    return true;
  } catch {
    return false; // the answer is no
  }
}

/**
 * What differs between operating systems, behind one interface: where things live, who may read them, how programs
 * are started, which variables each runtime wants. This room owns files of its own (home, lock, trust bundle) and
 * child processes; it opens no socket, knows no policy and decides nothing.
 */
import os from 'node:os';
import path from 'node:path';
import { darwin } from './darwin/darwin.ts';
import { linux } from './linux/linux.ts';
import type { Environment, OperatingSystem, Platform } from './operating-system.ts';
import { win32 } from './win32/win32.ts';

const PLATFORMS: Readonly<Record<OperatingSystem, Platform>> = { linux, darwin, win32 };

/** The platform we run on. Other Unixes (BSD) are treated as Linux: same paths, same sockets. */
export function platform(name: NodeJS.Platform = process.platform): Platform {
  return name === 'darwin' || name === 'win32' ? PLATFORMS[name] : PLATFORMS.linux;
}

/** The signed-in person's numeric id; 0 on Windows, where file ownership isn't a number. */
export function currentUserId(): number {
  return process.getuid?.() ?? 0;
}

/** `--home`, then `POSTERN_HOME`, then the OS's user data directory; always absolute. */
export function resolveHome(
  explicit: string | undefined,
  env: Environment,
  here: Platform = platform(),
  homeDirectory: string = os.homedir(),
): { readonly directory: string; readonly from: 'option' | 'POSTERN_HOME' | 'default' } {
  const { resolve } = here.os === 'win32' ? path.win32 : path.posix;
  if (explicit) return { directory: resolve(explicit), from: 'option' };
  const fromEnv = env['POSTERN_HOME'];
  if (fromEnv) return { directory: resolve(fromEnv), from: 'POSTERN_HOME' };
  return { directory: here.userHome(env, homeDirectory), from: 'default' };
}

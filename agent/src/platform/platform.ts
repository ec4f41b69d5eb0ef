/**
 * What differs between operating systems, behind one interface: where things live, who may read them, how programs
 * are started, which variables each runtime wants. This room owns files of its own (home, lock, trust bundle) and
 * child processes; it opens no socket, knows no policy and decides nothing.
 */
import os from 'node:os';
import path from 'node:path';
import { darwin } from './darwin/darwin.ts';
import { linux } from './linux/linux.ts';
import { win32 } from './win32/win32.ts';

export type OperatingSystem = 'linux' | 'darwin' | 'win32';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The facts of one operating system. Pure: nothing is read or created by asking. */
export interface Platform {
  readonly os: OperatingSystem;
  /** Data directory of an agent that the signed-in person starts. */
  userHome(env: Environment, homeDirectory: string): string;
  /** Data directory of the installed service. */
  serviceHome(env: Environment): string;
  /** The file that device management writes; no variable can move it. */
  readonly managedConfigFile: string;
  /** Where the local API listens for this home: a Unix socket's path, or a named pipe. */
  socketPath(home: string, userId: number): string;
  /** PEM bundles that hold the system's roots, most common first; none where they live in a keychain or registry. */
  readonly systemRootFiles: readonly string[];
}

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

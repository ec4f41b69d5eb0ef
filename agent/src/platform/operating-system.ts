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
  /** Shows an address in the person's own browser; undefined where there is no screen to show it on. */
  browserCommand(url: string, env: Environment): readonly [string, ...string[]] | undefined;
}

/** The program at the client's end of a connection, as the operating system tells it. Arguments are never kept. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Full path of the file it runs: the one thing a process can't choose freely for itself. */
  readonly executable: string;
  /** File name of argv[0]: what it was called as. Any process may say anything here. */
  readonly command: string | undefined;
  /** Of an interpreter (Node, Python …): file name of the script, or name of the module, that it runs. */
  readonly script?: string;
  /** The npm package that the script lies in: `@google/gemini-cli`. */
  readonly packageName?: string;
  /** Executable of the process that started it. */
  readonly parentExecutable?: string;
}

/** How patient the edge is, and whom it asks. */
export interface ClientProcesses {
  /**
   * Who holds the loopback connection from `clientPort` to our `proxyPort`; undefined: can't be told. Never rejects.
   * A search ends once `hasGone`: what has closed its socket can't be found by it.
   */
  find(clientPort: number, proxyPort: number, hasGone: () => boolean): Promise<ProcessIdentity | undefined>;
  /** How long a first request may wait to be told: long where the policy asks which app it is, else hardly. */
  patienceMs(): number;
}

/** File name of a path in either style, without `.exe`, short enough for a log and free of control characters. */
export function programName(executable: string): string {
  const file = executable.slice(Math.max(executable.lastIndexOf('/'), executable.lastIndexOf('\\')) + 1);
  return file
    .replace(/\.exe$/i, '')
    .replace(/\p{Cc}/gu, '')
    .slice(0, MAX_NAME);
}
const MAX_NAME = 64;

/** The same program again, whichever process it is now. */
export const processKey = ({ executable, script, packageName }: ProcessIdentity): string =>
  `${executable}\0${packageName ?? ''}\0${script ?? ''}`;

/** For people and logs: `chatgpt`, or `node running gemini.js`. No path: it would name the user's folder. */
export function processWords({ executable, script }: ProcessIdentity): string {
  const name = programName(executable);
  return script === undefined ? name : `${name} running ${programName(script)}`;
}

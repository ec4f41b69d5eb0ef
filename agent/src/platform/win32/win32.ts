import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Environment, Platform } from '../operating-system.ts';

const programData = (env: Environment): string => env['ProgramData'] ?? 'C:\\ProgramData';

export const win32: Platform = {
  os: 'win32',
  userHome(env, homeDirectory) {
    const local = env['LOCALAPPDATA'] ?? path.win32.join(homeDirectory, 'AppData', 'Local');
    return path.win32.join(local, 'Postern');
  },
  serviceHome: (env) => path.win32.join(programData(env), 'Postern'),
  // Not %ProgramData%: whoever starts the agent could point the variable elsewhere.
  managedConfigFile: 'C:\\ProgramData\\Postern\\config.json',
  // Pipes share one flat name space; the hash keeps two homes apart. Paths differ in case only by habit.
  socketPath(home) {
    const name = createHash('sha256').update(home.toLowerCase()).digest('hex').slice(0, 16);
    return `\\\\.\\pipe\\postern-${name}`;
  },
  // Not `start`: cmd would read the & between parameters.
  browserCommand: (url) => ['rundll32.exe', 'url.dll,FileProtocolHandler', url],
  systemRootFiles: [],
};

/** A `bifrost-http` program: the one that `POSTERN_BIFROST_BIN` names, otherwise by `go install`. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Installed } from '../../kit/clients.ts';

const OWN = 'POSTERN_BIFROST_BIN';
const MODULE = 'github.com/maximhq/bifrost/transports/bifrost-http@latest';
const CACHE = path.join(import.meta.dirname, '..', '..', '.cache', 'bifrost');
const INSTALL_TIMEOUT_MS = 900_000;

/** What Go's client says is the reason. */
export async function installBifrost(): Promise<Installed> {
  const own = process.env[OWN];
  if (own !== undefined && own !== '')
    return existsSync(own) ? { file: own } : { missing: `Bifrost is not where ${OWN} says: ${own}` };
  const file = path.join(CACHE, process.platform === 'win32' ? 'bifrost-http.exe' : 'bifrost-http');
  if (existsSync(file)) return { file };
  mkdirSync(CACHE, { recursive: true });
  try {
    await promisify(execFile)('go', ['install', MODULE], {
      timeout: INSTALL_TIMEOUT_MS,
      env: { ...process.env, GOBIN: CACHE },
    });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const reason = (said === '' ? String(error) : said).trim().replaceAll(/\s+/g, ' ').slice(0, 400);
    return {
      missing: `Bifrost could not be installed: go install ${MODULE}: ${reason}. ${OWN} may name a bifrost-http program.`,
    };
  }
  return existsSync(file) ? { file } : { missing: `go install ${MODULE} left no program` };
}

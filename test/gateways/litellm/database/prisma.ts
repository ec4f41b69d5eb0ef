/**
 * Prisma's Python client, generated for LiteLLM's own schema, and the engine behind it. The engine as a program comes from a
 * host of its own; the same one in WebAssembly comes from npm, and `query-engine.ts` puts it in the program's place.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Installed, npmPackages } from '../../../kit/clients.ts';
import { cleanEnvironment } from '../../../kit/office.ts';

const exec = promisify(execFile);
/** What the Python client 0.11 generates by. */
const GENERATOR = ['prisma@5.4.2'];
/** The first engine for Postgres in WebAssembly that wants no more than a schema and an adapter. */
const ENGINE = [
  '@prisma/client@5.17.0',
  '@prisma/adapter-pg@5.17.0',
  '@prisma/driver-adapter-utils@5.17.0',
  'pg@8.12.0',
];
const SERVER = path.join(import.meta.dirname, 'query-engine.ts');
const GENERATE_TIMEOUT_MS = 120_000;

export interface PrismaParts {
  readonly generator: string;
  readonly engine: string;
}

export async function prismaParts(): Promise<PrismaParts | { readonly missing: string }> {
  const generator: Installed = await npmPackages('prisma-generator-5.4.2', GENERATOR);
  if ('missing' in generator) return generator;
  const engine: Installed = await npmPackages('prisma-engine-5.17.0', ENGINE);
  return 'missing' in engine ? engine : { generator: generator.file, engine: engine.file };
}

export interface PreparedPrisma {
  /** For the proxy. */
  readonly env: NodeJS.ProcessEnv;
  /** LiteLLM's migrations, in their order. */
  readonly migrations: readonly string[];
}

/** Everything into `folder`; LiteLLM's installation stays as it is. */
export async function preparePrisma(
  { generator, engine }: PrismaParts,
  python: string,
  folder: string,
): Promise<PreparedPrisma> {
  const packages = await sitePackages(python);
  const program = script(folder, 'query-engine', `${quoted(process.execPath)} ${quoted(SERVER)}`);
  const client = script(folder, 'prisma-client-py', `${quoted(python)} -m prisma`);
  const generated = path.join(folder, 'generated');
  mkdirSync(generated);
  const schema = readFileSync(path.join(packages, 'litellm', 'proxy', 'schema.prisma'), 'utf8')
    .replace(/^\s*binaryTargets.*$/m, '  previewFeatures = ["driverAdapters"]')
    .replace('"prisma-client-py"', `"${client}"\n  output = "${path.join(generated, 'prisma')}"`);
  const schemaFile = path.join(folder, 'schema.prisma');
  writeFileSync(schemaFile, schema);
  // None of these is asked for anything: they are named so that none is fetched.
  const named = {
    PRISMA_QUERY_ENGINE_BINARY: program,
    PRISMA_QUERY_ENGINE_LIBRARY: program,
    PRISMA_SCHEMA_ENGINE_BINARY: program,
  };
  const command = path.join(generator, 'node_modules', 'prisma', 'build', 'index.js');
  await exec(process.execPath, [command, 'generate', '--schema', schemaFile], {
    cwd: folder,
    timeout: GENERATE_TIMEOUT_MS,
    env: cleanEnvironment({ HOME: folder, CHECKPOINT_DISABLE: '1', ...named }),
  });
  const migrations = path.join(packages, 'litellm_proxy_extras', 'migrations');
  return {
    env: {
      PYTHONPATH: generated,
      POSTERN_TEST_PRISMA: engine,
      PRISMA_QUERY_ENGINE_BINARY: program,
      // The tables are made from its migrations before it starts.
      DISABLE_SCHEMA_UPDATE: 'true',
    },
    migrations: readdirSync(migrations, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && /^\d/.test(entry.name))
      .map(({ name }) => path.join(migrations, name, 'migration.sql'))
      .sort(),
  };
}

async function sitePackages(python: string): Promise<string> {
  const { stdout } = await exec(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']);
  return stdout.trim();
}

function script(folder: string, name: string, command: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, `#!/bin/sh\nexec ${command} "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

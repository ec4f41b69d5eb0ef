/**
 * Stands where Prisma's Python client has its query engine, a program that no registry offers. Behind it is the same engine in
 * the same version, compiled to WebAssembly, out of the npm package @prisma/client, and Prisma's own adapter for `pg`: what
 * is asked of Postgres is Prisma's word. Only the wire between is ours. Run as `query-engine -p PORT`.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Datamodel, readDatamodel } from './datamodel.ts';
import { parseOperation } from './graphql.ts';
import { type EngineAnswer, toGraphqlAnswer, toJsonQuery } from './json-protocol.ts';

interface Engine {
  connect(trace: string): Promise<void>;
  query(body: string, trace: string, transaction?: string): Promise<string>;
  startTransaction(options: string, trace: string): Promise<string>;
  commitTransaction(id: string, trace: string): Promise<string>;
  rollbackTransaction(id: string, trace: string): Promise<string>;
}

/** Node's own, which its types leave out. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    compile(bytes: Uint8Array): Promise<object>;
    instantiate(
      module: object,
      imports: object,
    ): Promise<{ readonly exports: Readonly<Record<string, unknown>> }>;
  };
};

interface EngineModule {
  __wbg_set_wasm(exports: Readonly<Record<string, unknown>>): void;
  QueryEngine: new (options: object, log: (line: string) => void, adapter: unknown) => Engine;
}

interface Opened {
  readonly engine: Engine;
  readonly datamodel: Datamodel;
}

const NO_TRACE = '{}';
const VERSION = 'query-engine 393aa359c9ad4a4bb28630fb5613f9c281cde053';

const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

async function openEngine(schema: string): Promise<Engine> {
  const fromPackages = createRequire(path.join(required('POSTERN_TEST_PRISMA'), 'node_modules', 'none.js'));
  const file = (name: string): string => fromPackages.resolve(`@prisma/client/runtime/${name}`);
  const glue = fromPackages(file('query_engine_bg.postgresql.js')) as EngineModule;
  const compiled = await WebAssembly.compile(readFileSync(file('query_engine_bg.postgresql.wasm')));
  const wasm = await WebAssembly.instantiate(compiled, { './query_engine_bg.js': { ...glue } });
  glue.__wbg_set_wasm(wasm.exports);
  const start = wasm.exports['__wbindgen_start'];
  if (typeof start === 'function') start();
  const url = required('DATABASE_URL');
  const { Pool } = fromPackages('pg') as { Pool: new (options: object) => unknown };
  const { PrismaPg } = fromPackages('@prisma/adapter-pg') as { PrismaPg: new (pool: unknown) => unknown };
  const { bindAdapter } = fromPackages('@prisma/driver-adapter-utils') as {
    bindAdapter(adapter: unknown): unknown;
  };
  const options = {
    datamodel: schema,
    logLevel: 'error',
    logQueries: false,
    ignoreEnvVarErrors: true,
    datasourceOverrides: {},
    env: { DATABASE_URL: url },
    configDir: '.',
    engineProtocol: 'json',
  };
  const pool = new Pool({ connectionString: url });
  const engine = new glue.QueryEngine(
    options,
    (line) => void process.stderr.write(`${line}\n`),
    bindAdapter(new PrismaPg(pool)),
  );
  await engine.connect(NO_TRACE);
  return engine;
}

async function answer(
  { engine, datamodel }: Opened,
  body: string,
  transaction: string | undefined,
): Promise<object> {
  const { query } = JSON.parse(body) as { query: string };
  const fields = parseOperation(query);
  const queries = fields.map((field) => toJsonQuery(field, datamodel));
  const [only] = queries;
  if (only !== undefined && queries.length === 1) {
    const said = JSON.parse(await engine.query(JSON.stringify(only), NO_TRACE, transaction)) as EngineAnswer;
    return toGraphqlAnswer(fields, [said]);
  }
  const batch = JSON.stringify({ batch: queries, transaction: {} });
  const said = JSON.parse(await engine.query(batch, NO_TRACE, transaction)) as EngineAnswer & {
    batchResult?: EngineAnswer[];
  };
  return toGraphqlAnswer(fields, said.batchResult ?? [said]);
}

async function serve(opened: Opened, request: http.IncomingMessage): Promise<object> {
  const { engine } = opened;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  const transaction = request.headers['x-transaction-id'];
  const [, verb, id = '', end] = (request.url ?? '').split('?')[0]?.split('/') ?? [];
  if (verb === 'status') return { status: 'ok' };
  if (verb === 'metrics') return { counters: [], gauges: [], histograms: [] };
  if (verb !== 'transaction') return answer(opened, body, transaction?.toString());
  const said =
    id === 'start'
      ? await engine.startTransaction(body, NO_TRACE)
      : end === 'commit'
        ? await engine.commitTransaction(id, NO_TRACE)
        : await engine.rollbackTransaction(id, NO_TRACE);
  return JSON.parse(said) as object;
}

if (process.argv.includes('--version')) {
  process.stdout.write(`${VERSION}\n`);
} else {
  const schema = readFileSync(required('PRISMA_DML_PATH'), 'utf8');
  const opened = { engine: await openEngine(schema), datamodel: readDatamodel(schema) };
  // A proxy that was killed takes nobody along.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit();
  }, 1_000).unref();
  const server = http.createServer((request, response) => {
    serve(opened, request)
      .catch((error: unknown) => {
        const said = error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error);
        process.stderr.write(`query engine: ${said}\n`);
        return { errors: [{ error: said, user_facing_error: { message: said, is_panic: false } }] };
      })
      .then((said) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(said));
      });
  });
  server.listen(Number(process.argv[process.argv.indexOf('-p') + 1]), 'localhost');
}

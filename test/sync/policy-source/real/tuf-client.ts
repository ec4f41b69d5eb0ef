/**
 * Our use of tuf-js as the client of the TUF conformance suite (github.com/theupdateframework/tuf-conformance,
 * CLIENT-CLI.md): the same fetcher and updater as an update of a device. Not part of `npm test`; run it with
 *   pytest tuf_conformance --entrypoint "node …/tuf-client.ts"
 */
import { copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Updater } from 'tuf-js';
import { sendToLoopback } from '../../../../agent/src/sync/loopback-http.ts';
import { tufFetcher } from '../../../../agent/src/sync/policy-source/fetch-files.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'metadata-dir': { type: 'string', default: '' },
    'metadata-url': { type: 'string', default: '' },
    'target-name': { type: 'string', multiple: true, default: [] },
    'target-base-url': { type: 'string', default: '' },
    'target-dir': { type: 'string', default: '' },
  },
});
const metadataDir = values['metadata-dir'];
const [command, rootFile] = positionals;
mkdirSync(metadataDir, { recursive: true });

async function run(): Promise<void> {
  if (command === 'init' && rootFile !== undefined) {
    copyFileSync(rootFile, path.join(metadataDir, 'root.json'));
    return;
  }
  const updater = new Updater({
    metadataDir,
    metadataBaseUrl: values['metadata-url'],
    ...(values['target-dir'] !== '' && { targetDir: values['target-dir'] }),
    ...(values['target-base-url'] !== '' && { targetBaseUrl: values['target-base-url'] }),
    fetcher: tufFetcher(
      {
        send: sendToLoopback,
        signal: AbortSignal.timeout(60_000),
        fileTimeoutMs: 10_000,
        onBytes: () => undefined,
      },
      mkdtempSync(path.join(tmpdir(), 'pstn-tuf-')),
      new Map(),
      () => undefined,
    ),
  });
  await updater.refresh();
  for (const name of values['target-name']) {
    const target = await updater.getTargetInfo(name);
    if (target === undefined) throw new Error(`there is no ${name}`);
    if ((await updater.findCachedTarget(target)) === undefined) await updater.downloadTarget(target);
  }
}

await run().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});

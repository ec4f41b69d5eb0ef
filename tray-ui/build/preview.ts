/** `npm run tray:preview [-- --home DIR]`: the tray's window in a browser, on the agent that runs. For development. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { resolveHome } from '../../agent/src/platform/platform.ts';
import { buildTray, DIST } from './build.ts';
import { startPreview } from './preview-server.ts';

const { values } = parseArgs({ options: { home: { type: 'string' } } });
const home = resolveHome(values.home, process.env).directory;
await buildTray(['preview']);
const server = await startPreview(home, path.join(DIST, 'preview'));
process.stdout.write(`The tray's window, for the agent in ${home}:\n\n  ${server.url}\n\nCtrl+C ends it.\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void server.close().then(() => process.exit(0)));

/** `npm run tray:build [-- renderer|preview|main|preload|icons|resources …]`; all of them if none is named. */
import { buildTray } from './build.ts';

await buildTray(process.argv.length > 2 ? process.argv.slice(2) : undefined);

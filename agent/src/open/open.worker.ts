/** The thread that opens attachments, one at a time. It may be ended at any moment: it holds nothing but the file at hand. */
import { parentPort } from 'node:worker_threads';
import { openFile } from './open-file.ts';
import type { FromOpener, ToOpener } from './protocol.ts';

const port = parentPort;
if (port === null) throw new Error('open.worker.ts must be started as a worker thread');

port.on('message', ({ job, bytes }: ToOpener) => {
  void openFile(bytes).then((opened) => port.postMessage({ job, opened } satisfies FromOpener));
});

import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { AttachmentContent } from '../../agent/src/core/attachment.ts';
import { createOpener, type Opener, type OpenerOptions } from '../../agent/src/open/open.ts';
import { zipOf } from '../kit/archives.ts';

const openers: Opener[] = [];
afterEach(async () => {
  for (const opener of openers.splice(0)) await opener.close();
});

function openerOf(options: OpenerOptions = {}): Opener {
  const opener = createOpener(options);
  openers.push(opener);
  return opener;
}

const inBase64 = (bytes: Uint8Array, form: 'base64' | 'base64url' = 'base64'): AttachmentContent => {
  const text = Buffer.from(bytes).toString(form);
  return { form: 'base64', text: `data:,${text}`, from: 6, to: 6 + text.length };
};
/** A worker that does what its source says with every message. */
const workerThat = (source: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; ${source}`)}`,
  );
const HANGS = workerThat("parentPort.on('message', () => { for (;;); });");
const DIES = workerThat("parentPort.on('message', () => { process.exit(3); });");
const UNREADABLE = [{ kind: 'other', text: '', problem: 'unreadable-attachment' }];

describe('the opener', () => {
  it('opens base64 in both alphabets, raw bytes and percent encoding', async () => {
    const opener = openerOf();
    const docx = readFileSync(new URL('fixtures/words.docx', import.meta.url));
    const [base64] = await opener.open(inBase64(docx));
    expect(base64.text).toContain('blueheron');
    expect((await opener.open(inBase64(docx, 'base64url')))[0].text).toContain('blueheron');
    expect((await opener.open({ form: 'bytes', bytes: docx }))[0].text).toContain('blueheron');
    const [percent] = await opener.open({ form: 'percent', text: 'data:,caf%C3%A9', from: 6 });
    expect(percent.text).toBe('café');
  });

  it('leaves the bytes it was given as they were', async () => {
    const bytes = Buffer.from('words of a body that is still to be sent');
    await openerOf().open({ form: 'bytes', bytes });
    expect(bytes.toString()).toBe('words of a body that is still to be sent');
  });

  it('remembers what it has opened, and opens the same twice at once only once', async () => {
    const opener = openerOf();
    const content = inBase64(Buffer.from('words'));
    const both = await Promise.all([opener.open(content), opener.open(content)]);
    expect(both[0]).toBe(both[1]);
    expect(opener.open(content)).toBe(both[0]);
    expect(opener.counters).toMatchObject({ opened: 1, remembered: 1 });
  });

  it('forgets the text after its time', async () => {
    const opener = openerOf({ keepTextMs: 1 });
    const content = inBase64(Buffer.from('words'));
    await opener.open(content);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(opener.open(content)).toBeInstanceOf(Promise);
  });

  it('ends a file that takes too long, says so, and opens the next in a new thread', async () => {
    const told: string[] = [];
    const opener = openerOf({ deadlineMs: 100, workerFile: HANGS, log: (code) => told.push(code) });
    const both = await Promise.all([
      opener.open(inBase64(Buffer.from('first'))),
      opener.open(inBase64(Buffer.from('second'))),
    ]);
    expect(both).toMatchObject([UNREADABLE, UNREADABLE]);
    expect(told).toEqual(['attachment-timeout', 'attachment-timeout']);
    expect(opener.counters).toMatchObject({ timedOut: 2, 'unreadable-attachment': 2 });
  });

  it('what hung is not remembered: it may have been the machine', async () => {
    const opener = openerOf({ deadlineMs: 50, workerFile: HANGS });
    const content = inBase64(Buffer.from('first'));
    await opener.open(content);
    expect(opener.open(content)).toBeInstanceOf(Promise);
  });

  it('outlives a thread that dies', async () => {
    const told: string[] = [];
    const opener = openerOf({ workerFile: DIES, log: (code) => told.push(code) });
    expect(await opener.open(inBase64(Buffer.from('first')))).toMatchObject(UNREADABLE);
    expect(told).toEqual(['attachment-reader-died']);
    expect(opener.counters.crashed).toBe(1);
  });

  it('turns away what can not wait, as unreadable', async () => {
    const opener = openerOf({ maxWaiting: 1, deadlineMs: 100, workerFile: HANGS });
    const results = await Promise.all(
      ['a', 'b', 'c'].map((text) => opener.open(inBase64(Buffer.from(text)))),
    );
    expect(results.at(-1)).toMatchObject(UNREADABLE);
    expect(opener.counters.turnedAway).toBe(1);
  });

  it('nobody waits behind a row of slow files for longer than is bearable', async () => {
    const opener = openerOf({ maxWaitMs: 50, deadlineMs: 150, workerFile: HANGS });
    const started = ['a', 'b', 'c'].map((text) => opener.open(inBase64(Buffer.from(text))));
    expect(await Promise.all(started)).toMatchObject([UNREADABLE, UNREADABLE, UNREADABLE]);
    expect(opener.counters).toMatchObject({ timedOut: 1, turnedAway: 2 });
  });

  it('a broken percent encoding is unreadable', async () => {
    expect(await openerOf().open({ form: 'percent', text: '%C3', from: 0 })).toMatchObject(UNREADABLE);
  });

  it('closing answers everybody who waits', async () => {
    const opener = openerOf({ workerFile: HANGS });
    const waiting = [opener.open(inBase64(Buffer.from('a'))), opener.open(inBase64(Buffer.from('b')))];
    await opener.close();
    expect(await Promise.all(waiting)).toMatchObject([UNREADABLE, UNREADABLE]);
  });

  it('counts bombs and passwords', async () => {
    const opener = openerOf();
    await opener.open(inBase64(zipOf([{ name: 'a', data: 'x', encrypted: true }])));
    await opener.open(inBase64(zipOf([{ name: 'a', data: Buffer.alloc(20_000_000) }])));
    expect(opener.counters).toMatchObject({ 'encrypted-archive': 1, 'archive-bomb': 1 });
  });
});

/**
 * The writer's thread: owns the one writing connection. Every message is one transaction; nothing here waits on
 * anything but the disk. It never exits on an error: it says what failed, and the main thread decides.
 */
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { readAnchor, writeAnchor } from './audit/anchor.ts';
import type { SignedRow } from './audit/heads.ts';
import { openSigner } from './audit/signing.ts';
import { moveAside, openForWriting } from './database.ts';
import { asRecordError, RecordError } from './errors.ts';
import { type LogItem, LogWriter } from './log-writer.ts';
import { OutboxStore } from './outbox/outbox-store.ts';
import { makePrivateDirectory } from './private-files.ts';
import { seenApps } from './reports/apps.ts';
import { findExchange, listExchanges } from './reports/exchanges.ts';
import type { RecordQuery } from './reports/query.ts';
import { usageReport } from './reports/usage.ts';
import { loadSpend, saveSpend } from './spend-store.ts';
import type { DurabilitySettings, FromWriter, ToWriter, WriterData } from './writer-protocol.ts';

/** Off-box within 60 s is the promise; a second keeps the cost of the extra fsync out of busy times. */
const ANCHOR_EVERY_MS = 1_000;

const data = workerData as WriterData;
const port = parentPort;
if (port === null) throw new Error('writer.worker.ts must be started as a worker thread');
const say = (message: FromWriter): void => port.postMessage(message);

let database: Database;
let log: LogWriter;
/** Made when somebody first asks. */
let outbox: OutboxStore | undefined;
let sizeAtOpening = 0;
let unanchored: SignedRow | undefined;
let anchorTimer: NodeJS.Timeout | undefined;

function open(nowMs: number): string | undefined {
  makePrivateDirectory(dirname(data.file));
  const signer = openSigner(data.keyFile);
  const opened = openForWriting(data.file, { nowMs, maxBytes: data.maxBytes });
  database = opened.database;
  log = new LogWriter(database, signer);
  sizeAtOpening = log.size;
  outbox = undefined;
  if (opened.setAside !== undefined) note('database-replaced', replacedText(opened.setAside), nowMs);
  else compareAnchor(nowMs);
  if (readAnchor(data.file) === 'missing') writeAnchor(data.file, log.sign(nowMs));
  return opened.setAside;
}

/** A log that is shorter than its own witness, or has lost it, was tampered with while no agent ran. */
function compareAnchor(nowMs: number): void {
  const anchor = readAnchor(data.file);
  if (typeof anchor === 'object' && anchor.statement.size > log.size) {
    const detail = `The log holds ${log.size} records, but ${anchor.statement.size} had been signed: its end was removed.`;
    note('audit-log-shortened', detail, nowMs);
  } else if (typeof anchor === 'string' && log.size > 0) {
    note('audit-head-lost', `The file with the newest signed head is ${anchor}; a new one was made.`, nowMs);
    writeAnchor(data.file, log.sign(nowMs));
  }
}

/** Damage met while running: the same answer as at opening, without trusting a check to find it again. */
function replaceDamaged(nowMs: number): string {
  database.close();
  unanchored = undefined;
  const setAside = moveAside(data.file, nowMs);
  open(nowMs);
  note('database-replaced', replacedText(setAside), nowMs);
  return setAside;
}

const replacedText = (setAside: string): string =>
  `The database was damaged. It was set aside as ${setAside}; a new one, and a new audit chain, begins here.`;

function note(code: string, detail: string, nowMs: number): void {
  const body = { kind: 'event', id: randomUUID(), atMs: nowMs, code, detail } as const;
  anchorSoon(log.append([{ body }], nowMs));
}

function append(message: Extract<ToWriter, { type: 'append' }>): void {
  const items = JSON.parse(message.items) as LogItem[];
  let setAside: string | undefined;
  try {
    anchorSoon(log.append(items, message.nowMs, message.again));
  } catch (error) {
    if (asRecordError(error, data.file).code !== 'corrupt') throw error;
    setAside = replaceDamaged(message.nowMs);
    anchorSoon(log.append(items, message.nowMs));
  }
  say({ type: 'appended', size: items.length, setAside });
}

function prune(cutoffMs: number, nowMs: number): number {
  const removed = log.prune(cutoffMs, nowMs);
  // Without this the deleted rows stay readable in the write-ahead log. Also after an empty run: a reader may have
  // been in the way of the last one.
  database.pragma('wal_checkpoint(TRUNCATE)');
  return removed;
}

/** Overwritten by `secure_delete`; the write-ahead log must not keep a copy either. */
function deleteContents(): number {
  const { changes } = database.prepare('DELETE FROM contents').run();
  database.pragma('wal_checkpoint(TRUNCATE)');
  return changes;
}

function answer(query: RecordQuery): unknown {
  if (query.type === 'usage') return usageReport(database, query.query);
  if (query.type === 'spend') return loadSpend(database);
  if (query.type === 'apps') return seenApps(database);
  if (query.type === 'list') return listExchanges(database, query.page, query.filter);
  return findExchange(database, query.id);
}

function anchorSoon(head: SignedRow | undefined): void {
  if (head !== undefined) unanchored = head;
  anchorTimer ??= setTimeout(anchorNow, ANCHOR_EVERY_MS);
}

function anchorNow(): void {
  clearTimeout(anchorTimer);
  anchorTimer = undefined;
  if (unanchored === undefined) return;
  try {
    writeAnchor(data.file, unanchored);
    unanchored = undefined;
  } catch (error) {
    // The database is the record; without its second witness it is still complete. Said, and tried again.
    say({ type: 'anchor-failed', message: String(error) });
  }
}

function close(): void {
  anchorNow();
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  say({ type: 'closed' });
  port?.close();
}

function call(number: number, work: () => unknown): void {
  try {
    say({ type: 'answer', call: number, value: work() });
  } catch (error) {
    const { code, message } = asRecordError(error, data.file);
    say({ type: 'call-failed', call: number, code, message });
  }
}

function settings(): DurabilitySettings {
  const read = (name: string) => database.pragma(name, { simple: true });
  return {
    journalMode: String(read('journal_mode')),
    synchronous: Number(read('synchronous')),
    secureDelete: Number(read('secure_delete')),
    fullFsync: Number(read('fullfsync')),
    tempStore: Number(read('temp_store')),
  };
}

port.on('message', (message: ToWriter) => {
  if (message.type === 'close') return close();
  if (message.type === 'query') return call(message.call, () => answer(message.query));
  if (message.type === 'save-spend') return call(message.call, () => saveSpend(database, message.changes));
  if (message.type === 'delete-contents') return call(message.call, deleteContents);
  if (message.type === 'outbox') {
    outbox ??= new OutboxStore({ database, log, startAt: sizeAtOpening, onHead: anchorSoon });
    return call(message.call, () => outbox?.answer(message.request));
  }
  if (message.type === 'prune') return call(message.call, () => prune(message.cutoffMs, message.nowMs));
  try {
    append(message);
  } catch (error) {
    const { code, message: text } = asRecordError(error, data.file);
    say({ type: 'append-failed', code, message: text });
  }
});

try {
  const setAside = open(data.nowMs);
  say({ type: 'ready', setAside, settings: settings() });
} catch (error) {
  const { code, message } = error instanceof RecordError ? error : asRecordError(error, data.file);
  say({ type: 'refused', code, message });
  port.close();
}

/** The main thread's end of the writer: starts it, hands it work, and turns its messages into calls. */
import module from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SpendChanges } from '../core/spend.ts';
import { RecordError, type RecordErrorCode } from './errors.ts';
import type { OutboxRequest } from './outbox/outbox-store.ts';
import type { RecordQuery } from './reports/query.ts';
import type { DurabilitySettings, FromWriter, ToWriter, WriterData } from './writer-protocol.ts';

export interface WriterEvents {
  appended(setAside: string | undefined): void;
  failed(code: RecordErrorCode, message: string): void;
  anchorFailed(message: string): void;
  died(cause: string): void;
}

export interface WriterThread {
  readonly setAside: string | undefined;
  readonly settings: DurabilitySettings;
  /** Answered by `appended` or `failed`; one at a time. */
  append(items: string, nowMs: number, again: boolean): void;
  query(query: RecordQuery): Promise<unknown>;
  prune(cutoffMs: number, nowMs: number): Promise<number>;
  saveSpend(changes: SpendChanges): Promise<void>;
  deleteContents(): Promise<number>;
  outbox(request: OutboxRequest): Promise<unknown>;
  close(withinMs: number): Promise<void>;
}

interface Call {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: RecordError) => void;
}

/** Resolves once the database is open; rejects with the RecordError that the thread met. */
export function startWriter(data: WriterData, events: WriterEvents): Promise<WriterThread> {
  const worker = new Worker(entryCode(new URL('./writer.worker.ts', import.meta.url)), {
    eval: true,
    workerData: data,
    name: 'postern-records',
  });
  const calls = new Map<number, Call>();
  const say = (message: ToWriter): void => worker.postMessage(message);
  let lastCall = 0;
  let closing = false;
  let cause = 'it exited';
  const ask = (make: (call: number) => ToWriter): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const call = ++lastCall;
      calls.set(call, { resolve, reject });
      say(make(call));
    });

  return new Promise((resolve, reject) => {
    let opened = false;
    const settle = (call: number): Call | undefined => {
      const found = calls.get(call);
      calls.delete(call);
      return found;
    };
    worker.on('message', (message: FromWriter) => {
      if (message.type === 'appended') events.appended(message.setAside);
      else if (message.type === 'append-failed') events.failed(message.code, message.message);
      else if (message.type === 'anchor-failed') events.anchorFailed(message.message);
      else if (message.type === 'answer') settle(message.call)?.resolve(message.value);
      else if (message.type === 'call-failed') {
        settle(message.call)?.reject(new RecordError(message.code, message.message));
      } else if (message.type === 'refused') reject(new RecordError(message.code, message.message));
      else if (message.type === 'ready') {
        opened = true;
        resolve(thread(message));
      }
    });
    worker.on('error', (error) => {
      cause = String(error);
    });
    worker.on('exit', () => {
      const error = new RecordError(closing ? 'closed' : 'write-failed', `the writer stopped: ${cause}`);
      for (const call of calls.values()) call.reject(error);
      calls.clear();
      if (!opened) reject(error);
      else if (!closing) events.died(cause);
    });
  });

  function thread({ setAside, settings }: Extract<FromWriter, { type: 'ready' }>): WriterThread {
    return {
      setAside,
      settings,
      append: (items, nowMs, again) => say({ type: 'append', items, nowMs, again }),
      query: (query) => ask((call) => ({ type: 'query', call, query })),
      prune: async (cutoffMs, nowMs) =>
        Number(await ask((call) => ({ type: 'prune', call, cutoffMs, nowMs }))),
      saveSpend: async (changes) => {
        await ask((call) => ({ type: 'save-spend', call, changes }));
      },
      deleteContents: async () => Number(await ask((call) => ({ type: 'delete-contents', call }))),
      outbox: (request) => ask((call) => ({ type: 'outbox', call, request })),
      close: (withinMs) => {
        closing = true;
        const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
        const late = setTimeout(() => void worker.terminate(), withinMs);
        say({ type: 'close' });
        return exited.finally(() => clearTimeout(late));
      },
    };
  }
}

/**
 * A thread doesn't inherit the compile cache: without it, each start loads the type stripper into the thread, and
 * 28 MB stay. The cache's own folder is the one for this version of Node, inside the one that was enabled.
 */
function entryCode(entry: URL): string {
  const cache = module.getCompileCacheDir();
  const enable =
    cache === undefined
      ? ''
      : `require('node:module').enableCompileCache(${JSON.stringify(dirname(cache))});`;
  return `${enable} import(${JSON.stringify(entry.href)});`;
}

/**
 * open/ takes attachments apart: what a file is, what text is in it, and what files are in that. It works in a thread of
 * its own, so that no document can hold up the proxy or bring it down, and ends that thread when a file takes too long.
 * It touches no socket and no disk, and decides nothing. Results are remembered in memory by the content's SHA-256,
 * because clients resend attachments with every message; the text in them is forgotten a few minutes after its last use.
 */
import { hash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { AttachmentContent, AttachmentOpener, OpenedAttachment } from '../core/attachment.ts';
import { contentBytes } from './content.ts';
import type { FromOpener, ToOpener } from './protocol.ts';
import { ResultCache } from './result-cache.ts';

export interface OpenerOptions {
  /** Longest time for one attachment, from its turn on. */
  readonly deadlineMs?: number;
  /** Longest time in the queue; after that an attachment isn't opened, and counts as unreadable. */
  readonly maxWaitMs?: number;
  /** Attachments that may wait for their turn; more are not opened, and count as unreadable. */
  readonly maxWaiting?: number;
  /** The thread ends after this time without work. */
  readonly idleMs?: number;
  readonly keepTextMs?: number;
  readonly maxKeptChars?: number;
  /** Something a person may have to know; `code` is kebab-case. */
  readonly log?: (code: string, detail: string) => void;
  /** Instead of the thread's own file: for tests of what happens when it hangs or dies. */
  readonly workerFile?: URL;
}

export interface Opener extends AttachmentOpener {
  readonly counters: Readonly<OpenerCounters>;
  close(): Promise<void>;
}

interface OpenerCounters {
  opened: number;
  remembered: number;
  /** Attachments with a problem, by kind. */
  'archive-bomb': number;
  'encrypted-archive': number;
  'unreadable-attachment': number;
  timedOut: number;
  crashed: number;
  turnedAway: number;
}

interface Job {
  readonly id: number;
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly queuedAtMs: number;
  readonly resolve: (opened: OpenedAttachment) => void;
}

/** pdf.js and a large document's text; the bytes themselves lie outside this heap. */
const WORKER_LIMITS = { maxOldGenerationSizeMb: 384, stackSizeMb: 4 };

export const createOpener = (options: OpenerOptions = {}): Opener => new ThreadedOpener(options);

class ThreadedOpener implements Opener {
  readonly counters: OpenerCounters = {
    opened: 0,
    remembered: 0,
    'archive-bomb': 0,
    'encrypted-archive': 0,
    'unreadable-attachment': 0,
    timedOut: 0,
    crashed: 0,
    turnedAway: 0,
  };
  readonly #options: OpenerOptions;
  readonly #deadlineMs: number;
  readonly #cache: ResultCache;
  readonly #waiting: Job[] = [];
  /** Of the same content, the second asks the first. */
  readonly #underWay = new Map<string, Promise<OpenedAttachment>>();
  #worker: Worker | undefined;
  #current: Job | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastJob = 0;
  #closed = false;

  constructor(options: OpenerOptions) {
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? 5_000;
    this.#cache = new ResultCache(options.keepTextMs ?? 600_000, options.maxKeptChars ?? 16_000_000);
  }

  open(content: AttachmentContent): OpenedAttachment | Promise<OpenedAttachment> {
    const bytes = contentBytes(content);
    if (bytes === undefined) return this.#unopened(0);
    const key = hash('sha256', bytes, 'base64');
    const known = this.#cache.get(key);
    if (known !== undefined) {
      this.counters.remembered++;
      return known;
    }
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    if (this.#closed || this.#waiting.length >= (this.#options.maxWaiting ?? 64)) {
      this.counters.turnedAway++;
      return this.#unopened(bytes.length);
    }
    const opening = new Promise<OpenedAttachment>((resolve) => {
      const queuedAtMs = performance.now();
      this.#waiting.push({ id: ++this.#lastJob, key, bytes, size: bytes.length, queuedAtMs, resolve });
    });
    this.#underWay.set(key, opening);
    this.#next();
    return opening;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idle);
    this.#cache.clear();
    const worker = this.#worker;
    this.#settle(undefined);
    for (const job of this.#waiting.splice(0)) this.#finish(job, this.#unopened(job.size));
    await worker?.terminate();
  }

  #next(): void {
    if (this.#current !== undefined || this.#closed) return;
    const job = this.#takeFromQueue();
    if (job === undefined) {
      this.#idle = setTimeout(() => this.#drop(), this.#options.idleMs ?? 60_000).unref();
      return;
    }
    clearTimeout(this.#idle);
    this.#current = job;
    this.#deadline = setTimeout(() => {
      this.counters.timedOut++;
      this.#options.log?.(
        'attachment-timeout',
        `opening ${job.size} bytes took more than ${this.#deadlineMs} ms`,
      );
      this.#drop();
      this.#settle(undefined);
    }, this.#deadlineMs);
    this.#worker ??= this.#start();
    this.#worker.postMessage({ job: job.id, bytes: job.bytes } satisfies ToOpener, [
      job.bytes.buffer as ArrayBuffer,
    ]);
  }

  /** The first that hasn't waited too long: a row of slow files must not hold up everybody's calls. */
  #takeFromQueue(): Job | undefined {
    const latestMs = performance.now() - (this.#options.maxWaitMs ?? 15_000);
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      if (job.queuedAtMs >= latestMs) return job;
      this.counters.turnedAway++;
      this.#finish(job, this.#unopened(job.size));
    }
    return undefined;
  }

  #start(): Worker {
    const file = this.#options.workerFile ?? new URL('./open.worker.ts', import.meta.url);
    const worker = new Worker(file, { name: 'postern-attachments', resourceLimits: WORKER_LIMITS, env: {} });
    worker.unref();
    worker.on('message', ({ job, opened }: FromOpener) => {
      if (job === this.#current?.id) this.#settle(opened);
    });
    let cause = 'it exited';
    worker.on('error', (error) => {
      cause = error.name;
    });
    worker.on('exit', () => {
      if (worker !== this.#worker) return;
      this.#worker = undefined;
      if (this.#current === undefined) return;
      this.counters.crashed++;
      this.#options.log?.('attachment-reader-died', `while opening ${this.#current.size} bytes: ${cause}`);
      this.#settle(undefined);
    });
    return worker;
  }

  /** Ends the thread; a file that hangs it ends with it. */
  #drop(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
  }

  #settle(opened: OpenedAttachment | undefined): void {
    const job = this.#current;
    clearTimeout(this.#deadline);
    this.#current = undefined;
    if (job === undefined) return;
    this.counters.opened++;
    const result = opened ?? this.#unopened(job.size);
    if (opened !== undefined) this.#cache.set(job.key, opened);
    this.#finish(job, result);
    this.#next();
  }

  #finish(job: Job, result: OpenedAttachment): void {
    for (const { problem } of result) if (problem !== undefined) this.counters[problem]++;
    this.#underWay.delete(job.key);
    job.resolve(result);
  }

  #unopened(bytes: number): OpenedAttachment {
    return [
      {
        kind: 'other',
        mediaType: 'application/octet-stream',
        depth: 0,
        bytes,
        text: '',
        problem: 'unreadable-attachment',
      },
    ];
  }
}

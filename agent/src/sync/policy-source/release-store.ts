import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Trust } from './verify.ts';

/** As many as are worth going back to. */
const KEPT_RELEASES = 3;
const KEPT_GROUPS = 5;

/** A newer release that is for other devices first (`rollout.canaryPercent`). */
const waitingSchema = z.object({
  number: z.number(),
  name: z.string(),
  revision: z.string(),
  canaryPercent: z.number(),
  sinceMs: z.number(),
});

export type WaitingFacts = z.infer<typeof waitingSchema>;

const stateSchema = z.object({
  /** The latest moment that is certain; see `clock.ts`. */
  floorMs: z.number().default(0),
  lastContactMs: z.number().optional(),
  /** Of the newest metadata: until when what it says counts. */
  validUntilMs: z.number().optional(),
  versions: z
    .object({ root: z.number(), timestamp: z.number(), snapshot: z.number(), targets: z.number() })
    .optional(),
  active: z.number().optional(),
  waiting: waitingSchema.optional(),
  next: z.number().default(1),
  /** Contents that made trouble; not tried again. */
  rejected: z.array(z.object({ digest: z.string(), why: z.string(), atMs: z.number() })).default([]),
});

export type SourceState = z.infer<typeof stateSchema>;

const releaseSchema = z.object({
  number: z.number(),
  /** Of all contents, so that the same policy under a newer signature is the same release. */
  digest: z.string(),
  group: z.string().optional(),
  version: z.number(),
  /** Name within the release to SHA-256. */
  files: z.record(z.string(), z.string()),
  /** Target behind each name: the group's or the organisation's. */
  targets: z.record(z.string(), z.string()),
  madeAtMs: z.number(),
});

export type ReleaseFacts = z.infer<typeof releaseSchema>;

/** One set of files as it was signed, in a folder of its own. */
export interface Release extends ReleaseFacts {
  readonly directory: string;
}

export const digestOf = (files: Readonly<Record<string, string>>): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex');

/** What a source has brought so far, in the home: metadata, roots, the last three releases, and what is known of them. */
export class ReleaseStore {
  readonly directory: string;
  readonly #write: (file: string, content: string | Uint8Array) => void;
  state: SourceState;

  constructor(directory: string, write: (file: string, content: string | Uint8Array) => void) {
    this.directory = directory;
    this.#write = write;
    for (const name of ['metadata', 'roots', 'releases', 'staging'])
      mkdirSync(path.join(directory, name), { recursive: true, mode: 0o700 });
    this.state = readState(path.join(directory, 'state.json'));
  }

  folder(name: 'metadata' | 'roots' | 'releases' | 'staging'): string {
    return path.join(this.directory, name);
  }

  save(changes: Partial<SourceState>): void {
    this.state = { ...this.state, ...changes };
    this.#write(path.join(this.directory, 'state.json'), JSON.stringify(this.state));
  }

  keepRoot(version: number, bytes: Uint8Array): void {
    this.#write(path.join(this.folder('roots'), `${version}.root.json`), bytes);
  }

  /** From the lowest version on. */
  roots(): readonly { readonly version: number; readonly bytes: Buffer }[] {
    return readdirSync(this.folder('roots'))
      .flatMap((name) => {
        const version = Number(/^(\d+)\.root\.json$/.exec(name)?.[1]);
        return Number.isNaN(version)
          ? []
          : [{ version, bytes: readFileSync(path.join(this.folder('roots'), name)) }];
      })
      .sort((a, b) => a.version - b.version);
  }

  /** Metadata that was verified takes the place of the old, file by file. */
  keepMetadata(from: string): void {
    for (const name of readdirSync(from)) {
      if (!name.endsWith('.json')) continue;
      this.#write(path.join(this.folder('metadata'), name), readFileSync(path.join(from, name)));
    }
  }

  /** Whole or not at all: the folder gets its name when all of it is there. */
  add(facts: Omit<ReleaseFacts, 'number'>, fill: (folder: string) => void): Release {
    const number = this.state.next;
    const making = path.join(this.folder('staging'), `release-${number}`);
    rmSync(making, { recursive: true, force: true });
    mkdirSync(path.join(making, 'files'), { recursive: true, mode: 0o700 });
    mkdirSync(path.join(making, 'signed'), { mode: 0o700 });
    fill(making);
    writeFileSync(path.join(making, 'release.json'), JSON.stringify({ ...facts, number }), { mode: 0o600 });
    const directory = path.join(this.folder('releases'), String(number));
    rmSync(directory, { recursive: true, force: true });
    renameSync(making, directory);
    this.save({ next: number + 1 });
    return { ...facts, number, directory };
  }

  /** The same contents under newer signatures: the old ones may be by keys that no longer count. */
  signAgain(release: Release, version: number, metadataDir: string): Release {
    const { directory, ...before } = release;
    const facts: ReleaseFacts = { ...before, version };
    const { group } = facts;
    for (const role of ['targets', ...(group === undefined ? [] : [group])])
      this.#write(
        path.join(directory, 'signed', `${role}.json`),
        readFileSync(path.join(metadataDir, `${role}.json`)),
      );
    this.#write(path.join(directory, 'release.json'), JSON.stringify(facts));
    return { ...facts, directory };
  }

  /** Newest first. */
  releases(): readonly Release[] {
    return readdirSync(this.folder('releases'))
      .flatMap((name) => {
        const directory = path.join(this.folder('releases'), name);
        const facts = readJson(path.join(directory, 'release.json'), releaseSchema);
        return facts === undefined ? [] : [{ ...facts, directory }];
      })
      .sort((a, b) => b.number - a.number);
  }

  /** The newest that is whole, still signed by keys that count, and hasn't made trouble; the active one first. */
  *usable(trust: Trust): Iterable<Release> {
    const rejected = new Set(this.state.rejected.map(({ digest }) => digest));
    const all = this.releases().filter(({ digest }) => !rejected.has(digest));
    const active = all.filter(({ number }) => number === this.state.active);
    for (const release of [...active, ...all.filter((one) => !active.includes(one))]) {
      if (trust.vouchesFor(release)) yield release;
    }
  }

  activated(release: Release): void {
    const { waiting } = this.state;
    this.save({ active: release.number, waiting: undefined });
    this.#dropUnused(waiting);
    this.#prune();
  }

  waits(waiting: WaitingFacts): void {
    const before = this.state.waiting;
    this.save({ waiting });
    this.#dropUnused(before);
    this.#prune();
  }

  /** What waited and was never in force is nothing to go back to: it would only push out what was. */
  #dropUnused(waited: WaitingFacts | undefined): void {
    const { active, waiting } = this.state;
    if (waited === undefined || waited.number === active || waited.number === waiting?.number) return;
    rmSync(path.join(this.folder('releases'), String(waited.number)), { recursive: true, force: true });
  }

  /** The active one, the waiting one and the newest stay; and of every other group the newest, for who signs in offline. */
  #prune(): void {
    const { active, waiting } = this.state;
    const all = this.releases();
    const group = all.find(({ number }) => number === active)?.group;
    const isFixed = ({ number }: Release): boolean => number === active || number === waiting?.number;
    const own = all.filter((release) => release.group === group && !isFixed(release));
    const others = [...new Map(all.toReversed().map((release) => [release.group ?? '', release])).values()];
    const kept = new Set([
      ...all.filter(isFixed),
      ...own.slice(0, KEPT_RELEASES - 1),
      ...others
        .filter((release) => release.group !== group)
        .sort((a, b) => b.number - a.number)
        .slice(0, KEPT_GROUPS),
    ]);
    for (const release of all)
      if (!kept.has(release)) rmSync(release.directory, { recursive: true, force: true });
  }

  reject(digest: string, why: string, atMs: number): void {
    const others = this.state.rejected.filter((one) => one.digest !== digest);
    this.save({ rejected: [...others, { digest, why, atMs }].slice(-20) });
  }

  isRejected(digest: string): boolean {
    return this.state.rejected.some((one) => one.digest === digest);
  }
}

function readState(file: string): SourceState {
  return readJson(file, stateSchema) ?? stateSchema.parse({});
}

/** A file that is damaged counts as not there: it is fetched, or made, again. */
function readJson<T>(file: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const read = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return read.success ? read.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** One device that takes policy from a server: the real source, over real HTTP, with a clock of its own. */
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writePrivateFile } from '../../agent/src/platform/private-files.ts';
import { sendToLoopback } from '../../agent/src/sync/loopback-http.ts';
import { type SourceConfig, storedReleases } from '../../agent/src/sync/policy-source/open-store.ts';
import { PolicySource, type PolicySourceOptions } from '../../agent/src/sync/policy-source/policy-source.ts';
import type { Release } from '../../agent/src/sync/policy-source/release-store.ts';

export interface PolicyDevice {
  readonly source: PolicySource;
  /** Looks once; then the code of what is wrong, if anything is. */
  check(): Promise<string | undefined>;
  /** Text of a file of the release in force. */
  text(name?: string): string | undefined;
  /** What the device says of the time: milliseconds off the true one. */
  shiftClock(ms: number): void;
  /** The same home after a restart. */
  restart(changes?: Partial<SourceConfig>): PolicyDevice;
  readonly events: string[];
}

export function openPolicyDevice(
  home: string,
  config: Partial<SourceConfig> & Pick<SourceConfig, 'url'>,
  changes: Partial<PolicySourceOptions> = {},
  shiftedMs = 0,
): PolicyDevice {
  mkdirSync(home, { recursive: true });
  const full: SourceConfig = { pollSeconds: 60, groups: [], ...config };
  let shiftMs = shiftedMs;
  let inForce: Release | undefined = storedReleases(full, home, writePrivateFile)[0];
  const events: string[] = [];
  const source = new PolicySource(
    {
      config: full,
      home,
      send: sendToLoopback,
      writePrivateFile,
      wallMs: () => Date.now() + shiftMs,
      monotonicMs: () => performance.now(),
      random: () => 0,
      fileTimeoutMs: 1000,
      activate: (release) => {
        inForce = release;
        return Promise.resolve({ type: 'active' });
      },
      onChange: () => undefined,
      event: (code, detail) => events.push(`${code}: ${detail}`),
      ...changes,
    },
    inForce,
  );
  return {
    source,
    events,
    async check() {
      await source.checkNow();
      return source.status().trouble?.code;
    },
    text(name = 'policy.yaml') {
      const directory = inForce?.directory;
      return directory === undefined ? undefined : readFileSync(path.join(directory, 'files', name), 'utf8');
    },
    shiftClock(ms) {
      shiftMs = ms;
    },
    restart(other = {}) {
      source.close();
      return openPolicyDevice(home, { ...full, ...other }, changes, shiftMs);
    },
  };
}

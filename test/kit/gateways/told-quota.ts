import { setTimeout as sleep } from 'node:timers/promises';
import { homeFiles } from '../../../agent/src/platform/home.ts';
import { readPrivateFile } from '../../../agent/src/platform/private-files.ts';
import { createClient } from '../../../agent/src/serve/client.ts';
import type { Office } from '../office.ts';

/** As `postern status --json` tells it. */
export interface ToldQuota {
  readonly budgets: readonly {
    readonly label: string;
    readonly limitUsd: number;
    readonly spentUsd: number;
  }[];
  readonly rates: readonly { readonly of: string; readonly limit: number; readonly window: string }[];
  readonly allowedModels?: readonly string[];
}

/** The quota is read beside the calls: it may take a moment after the start. */
export async function quotaOf(office: Office): Promise<ToldQuota> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const { stdout } = await office.postern(['status', '--json']);
    const { gateway: told } = JSON.parse(stdout) as { gateway: { quota?: ToldQuota } };
    if (told.quota !== undefined) return told.quota;
    await sleep(250);
  }
  throw new Error(`no quota was read:\n${office.log()}`);
}

/** What the local API has for it: configuration, policy and quota are read now. */
export async function reload({ home }: Office): Promise<void> {
  const { socketPath, tokenFile } = homeFiles(home);
  await createClient(socketPath, readPrivateFile(tokenFile) ?? '').reload({});
}

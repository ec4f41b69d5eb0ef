/** Whoever publishes policy, with the commands of docs/admin.md; keys and repository never reach the server. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runClient } from '../kit/clients.ts';
import { cleanEnvironment, POSTERN } from '../kit/office.ts';
import type { Company } from './company.ts';
import { tellCommand } from './tell.ts';

export interface Administrator {
  /** Signs and publishes; then the wall clock at which the push could be fetched. */
  push(name: string, policy: string): Promise<number>;
  readonly rootFingerprint: string;
}

export async function openAdministrator(company: Company): Promise<Administrator> {
  const folder = path.join(company.folder, 'administrator');
  mkdirSync(folder);
  const postern = async (...args: string[]): Promise<string> => {
    const ran = await runClient(process.execPath, [POSTERN, ...args], {
      cwd: folder,
      env: cleanEnvironment({ HOME: folder }),
      timeoutMs: 20_000,
    });
    if (ran.code !== 0) throw new Error(`postern ${args.join(' ')}:\n${ran.stdout}${ran.stderr}`);
    const words = args.map((word) => (word === company.published ? '/srv/policy' : word));
    const output = ran.stdout
      .replaceAll(company.published, '/srv/policy')
      .replaceAll(`${folder}${path.sep}`, '');
    tellCommand(`postern ${words.join(' ')}`, output);
    return ran.stdout;
  };
  const made = await postern('policy', 'keygen');
  return {
    rootFingerprint: /sha256:[0-9a-f]{64}/.exec(made)?.[0] ?? '',
    async push(name, policy) {
      writeFileSync(path.join(folder, name), policy);
      await postern('policy', 'sign', name);
      await postern('policy', 'publish', company.published);
      company.policies.hint();
      return statSync(path.join(company.published, 'timestamp.json')).mtimeMs;
    },
  };
}

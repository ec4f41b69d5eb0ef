/** The real LiteLLM proxy with a database of its own: keys, teams, users and customers made by its own API. */
import type { GatewayUnderTest, Refusal } from '../../../kit/gateways/gateway-under-test.ts';
import { freePort, openSite, orStop, type RunningGateway } from '../../../kit/gateways/real-gateway.ts';
import {
  FORBIDDEN,
  LITELLM_VERSION,
  litellmPython,
  MASTER_KEY,
  makeTrouble,
  OWN_PATHS,
  REFUSALS,
  startLitellmAt,
  timeoutOf,
} from '../proxy.ts';
import { LitellmAdmin } from './admin.ts';
import { postgresPrograms, startPostgres } from './postgres.ts';
import { type PrismaParts, preparePrisma, prismaParts } from './prisma.ts';

interface DatabaseParts {
  readonly python: string;
  readonly postgres: string;
  readonly prisma: PrismaParts;
}

/** All that a proxy with a database needs, or what of it can't be had. */
export async function databaseParts(): Promise<DatabaseParts | { readonly missing: string }> {
  const python = await litellmPython();
  if ('missing' in python) return python;
  const postgres = await postgresPrograms();
  if ('missing' in postgres) return { missing: `LiteLLM with a database: ${postgres.missing}` };
  const prisma = await prismaParts();
  if ('missing' in prisma) return { missing: `LiteLLM with a database: ${prisma.missing}` };
  return { python: python.file, postgres: postgres.file, prisma };
}

export interface LitellmWithDatabase extends GatewayUnderTest {
  readonly port: number;
  readonly admin: LitellmAdmin;
  /** One key for each way to say no. */
  readonly refusedKeys: Readonly<Partial<Record<Refusal, string>>>;
  log(): string;
}

export async function startLitellmWithDatabase(): Promise<LitellmWithDatabase> {
  const parts = await databaseParts();
  if ('missing' in parts) throw new Error(parts.missing);
  const site = await openSite('LiteLLM');
  const prepared = await preparePrisma(parts.prisma, parts.python, site.folder);
  const postgres = await startPostgres(parts.postgres, await freePort());
  let replacing: string | undefined;
  let refusing: Refusal | undefined;
  const start = async (): Promise<RunningGateway> => {
    for (const file of prepared.migrations) await postgres.run(file);
    return startLitellmAt(site, {
      python: parts.python,
      env: { ...prepared.env, DATABASE_URL: postgres.url },
      added: (at) => ({
        ...timeoutOf(refusing),
        // The quota is that of the key which the agent has: the refusal is to come with the call.
        ...(replacing !== undefined && !OWN_PATHS.test(at) && { authorization: `Bearer ${replacing}` }),
      }),
    });
  };
  const running = await orStop(postgres.stop, start);
  const stop = async (): Promise<void> => {
    await running.stop();
    await postgres.stop();
  };
  const admin = new LitellmAdmin(site.port, MASTER_KEY);
  const refusedKeys = await orStop(stop, () => makeRefusedKeys(admin));
  const refuse = (how: Refusal | undefined): void => {
    replacing = how && refusedKeys[how];
    refusing = how;
    makeTrouble(site, how);
  };
  return {
    title: `LiteLLM ${LITELLM_VERSION} (real, with a database)`,
    config: { kind: 'litellm', baseUrl: running.relay.baseUrl },
    key: await admin.makeKey(),
    keyHeader: 'authorization',
    received: running.relay.received,
    sentOn: site.provider.received,
    canRefuse: new Set([...REFUSALS, 'provider']),
    prompts: { guardrail: FORBIDDEN },
    refuse,
    clear() {
      running.forget();
      refuse(undefined);
    },
    port: site.port,
    admin,
    refusedKeys,
    log: running.log,
    stop,
  };
}

async function makeRefusedKeys(admin: LitellmAdmin): Promise<Readonly<Partial<Record<Refusal, string>>>> {
  const inactive = await admin.makeKey();
  await admin.blockKey(inactive, true);
  const team = await admin.makeTeam({ team_alias: 'others', models: ['another-model'] });
  return {
    'unknown-key': 'sk-nobody-knows',
    'inactive-key': inactive,
    model: await admin.makeKey({ models: ['another-model'] }),
    // What its team may not use is the nearest that it has.
    provider: await admin.makeKey({ team_id: team }),
    budget: await admin.makeKey({ max_budget: 10, spend: 10.21 }),
    rate: await admin.makeKey({ rpm_limit: 0 }),
  };
}

/** Who may call what (decision 0194): each call of the contract, by person, admin and stranger, on the real socket. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writePrivateFile } from '../../agent/src/platform/private-files.ts';
import { type Client, createClient } from '../../agent/src/serve/client.ts';
import { type Call, CONTRACT } from '../../agent/src/serve/contract.ts';
import { createLocalApi, type LocalApi } from '../../agent/src/serve/local-api.ts';
import { handlers, healthyStatus } from '../kit/agent-status.ts';

const ADMIN_TOKEN = 'token-of-the-help-desk';
const CALLS = Object.keys(CONTRACT) as Call[];
/** Something that each call takes. */
const INPUTS: Readonly<Partial<Record<Call, object>>> = {
  exchange: { id: 'd-1' },
  content: { id: 'd-1' },
  pause: { minutes: 5, reason: 'lunch' },
  justify: { decision: 'd-1', reason: 'test data' },
  revokeException: { id: 'x-1' },
  addKey: { name: 'a', secret: 'b' },
  useKey: { name: 'a' },
  removeKey: { name: 'a' },
  enrol: { token: 't' },
  override: { code: 'c' },
};

let home: string;
let api: LocalApi;
let adminTokenSha256: string | undefined;
const asked: string[] = [];
const refused: string[] = [];
beforeEach(async () => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'pstn-'));
  adminTokenSha256 = createHash('sha256').update(ADMIN_TOKEN).digest('hex');
  asked.length = 0;
  refused.length = 0;
  api = await createLocalApi({
    socketPath: path.join(home, 'agent.sock'),
    tokenFile: path.join(home, 'agent.token'),
    handlers: handlers(),
    admin: {
      handlers: handlers({ status: () => healthyStatus({ home: 'as an admin sees it' }) }),
      tokenSha256: () => adminTokenSha256,
      onCall: (call, allowed) => asked.push(`${call} ${allowed}`),
    },
    onRefused: (code) => refused.push(code),
    writePrivateFile,
    onInternalError: (_call, error) => {
      throw error;
    },
    metrics: () => Promise.resolve('calls 1\n'),
  });
});
afterEach(async () => {
  await api.close();
  fs.rmSync(home, { recursive: true, force: true });
});

const clientOf = (token: string): Client => createClient(path.join(home, 'agent.sock'), token);
const person = (): Client => clientOf(fs.readFileSync(path.join(home, 'agent.token'), 'utf8'));
const outcome = async (client: Client, name: Call): Promise<string> => {
  const ask = client[name] as (input: object) => Promise<unknown>;
  return ask(INPUTS[name] ?? {}).then(
    () => 'answered',
    (error: { code: string }) => error.code,
  );
};

describe.each(CALLS)('%s', (name) => {
  it('is for the person', async () => {
    expect(await outcome(person(), name)).toBe('answered');
    expect(asked).toEqual([]);
  });

  it(`is ${CONTRACT[name].rights === 'both' ? '' : 'not '}for an admin, and either way it is told`, async () => {
    const allowed = CONTRACT[name].rights === 'both';
    expect(await outcome(clientOf(ADMIN_TOKEN), name)).toBe(allowed ? 'answered' : 'forbidden');
    expect(asked).toEqual([`${name} ${allowed}`]);
  });

  it('is for nobody else', async () => {
    expect(await outcome(clientOf('guessed'), name)).toBe('unauthorized');
    expect(refused).toEqual(['unauthorized']);
  });
});

it('an admin gets the answer that is meant for admins', async () => {
  expect((await clientOf(ADMIN_TOKEN).status({})).home).toBe('as an admin sees it');
  expect((await person().status({})).home).not.toBe('as an admin sees it');
});

it('what a person does live, and counted, is not for an admin', async () => {
  await expect(clientOf(ADMIN_TOKEN).watch({})).rejects.toMatchObject({ code: 'forbidden' });
  await expect(clientOf(ADMIN_TOKEN).metrics()).rejects.toMatchObject({ code: 'forbidden' });
  expect(asked).toEqual(['watch false', 'metrics false']);
});

it('there is no admin where device management has set none, and from the moment that it takes the token back', async () => {
  adminTokenSha256 = undefined;
  expect(await outcome(clientOf(ADMIN_TOKEN), 'status')).toBe('unauthorized');
});

it('the digest itself is no token', async () => {
  expect(await outcome(clientOf(adminTokenSha256 ?? ''), 'status')).toBe('unauthorized');
});

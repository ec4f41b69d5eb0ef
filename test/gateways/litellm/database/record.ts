/** What LiteLLM says by its database: of teams' models, and of budgets of teams, users and customers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedAnswer } from '../../../kit/gateways/recordings.ts';
import { Recorder } from '../../recorder.ts';
import { APIS, scrubbed, TOLD } from '../apis.ts';
import { LITELLM_VERSION } from '../proxy.ts';
import type { LitellmWithDatabase } from './real.ts';

const PROMPT = 'What is a postern?';
/** What a call costs is known to it a while after it. */
const COUNTED_SECONDS = 60;
const CUSTOMER = { 'x-litellm-end-user-id': 'customer-of-the-recorder' };

export async function recordDatabase(gateway: LitellmWithDatabase): Promise<void> {
  const { admin, refusedKeys } = gateway;
  const recorder = new Recorder('litellm', `LiteLLM ${LITELLM_VERSION}`, gateway.port, TOLD, scrubbed);
  const record = async (name: string, headers: Readonly<Record<string, string>>): Promise<void> => {
    const answers: RecordedAnswer[] = [];
    for (const api of APIS) answers.push(await recorder.ask(api, headers, PROMPT));
    recorder.write(name, answers);
  };
  const useUp = async (headers: Readonly<Record<string, string>>): Promise<void> => {
    const [chat] = APIS;
    for (let second = 0; second < COUNTED_SECONDS; second += 1) {
      if (chat !== undefined && (await recorder.ask(chat, headers, PROMPT)).status !== 200) return;
      await sleep(1_000);
    }
    throw new Error('LiteLLM goes on answering a key that has nothing left');
  };
  const bearer = (key = ''): Record<string, string> => ({ authorization: `Bearer ${key}` });
  await record('provider', bearer(refusedKeys.provider));
  const team = await admin.makeTeam({
    team_id: 'team-of-the-recorder',
    team_alias: 'research',
    max_budget: 10,
  });
  const user = await admin.makeUser({ user_id: 'user-of-the-recorder', max_budget: 10 });
  await admin.makeCustomer({ user_id: CUSTOMER['x-litellm-end-user-id'], max_budget: 10 });
  const cases = {
    'team-budget': bearer(await admin.makeKey({ team_id: team })),
    'user-budget': bearer(await admin.makeKey({ user_id: user })),
    'customer-budget': { ...bearer(await admin.makeKey()), ...CUSTOMER },
  };
  for (const [name, headers] of Object.entries(cases)) {
    await useUp(headers);
    await record(name, headers);
  }
}

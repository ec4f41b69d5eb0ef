import { runChecks } from '../cli/doctor/run-checks.ts';
import type { Place } from '../cli/ports.ts';
import { homeFiles } from '../platform/home.ts';
import { platform } from '../platform/platform.ts';
import type { CallOutput } from '../serve/contract.ts';
import { checkPolicy } from './active-policy.ts';
import { auditTail, auditVerify } from './history.ts';

/** `postern doctor` as the running agent does it on itself: for a tray, which can start no commands. */
export async function ownDoctor(place: Place): Promise<CallOutput<'doctor'>> {
  const context = {
    commands: { checkPolicy, auditTail, auditVerify },
    io: { env: process.env },
    platform: platform(),
  };
  const results = await runChecks(
    { context, place, files: homeFiles(place.home), config: undefined, status: undefined },
    { withShell: false },
  );
  const checks = results.map(({ mend, ...check }) => ({ ...check, ...(mend !== undefined && { mend }) }));
  return { ok: checks.every(({ state }) => state !== 'fail'), checks };
}

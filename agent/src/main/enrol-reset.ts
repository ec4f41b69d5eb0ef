import fs from 'node:fs';
import { CommandFailure, type Place } from '../cli/ports.ts';
import { isAdministrator } from '../platform/administrator.ts';
import { homeFiles } from '../platform/home.ts';
import { platform } from '../platform/platform.ts';

/** On a device that nobody manages, the home is the person's own: a lock would only pretend (0142). */
export const mayReset = (device: { readonly managed: boolean; readonly administrator: boolean }): boolean =>
  !device.managed || device.administrator;

/** Where device management has set the device up, its user alone can't take it to another organisation. */
export async function enrolReset({ home }: Place): Promise<{ readonly was: string | undefined }> {
  const { managedConfigFile } = platform();
  if (!mayReset({ managed: fs.existsSync(managedConfigFile), administrator: isAdministrator() })) {
    throw new CommandFailure(
      'not-administrator',
      1,
      `This device is managed (${managedConfigFile}): only an administrator may take it out of its organisation.`,
      'Run it as administrator: sudo postern enroll --reset --home …',
    );
  }
  const { tenantFile } = homeFiles(home);
  const was = fs.existsSync(tenantFile) ? tenantIn(fs.readFileSync(tenantFile, 'utf8')) : undefined;
  fs.rmSync(tenantFile, { force: true });
  return { was };
}

function tenantIn(text: string): string {
  try {
    const { id } = JSON.parse(text) as { id?: unknown };
    return typeof id === 'string' ? id : 'an unknown organisation';
  } catch {
    return 'an unknown organisation'; // it is being removed
  }
}

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { CommandFailure, type OverrideQuestion } from '../cli/ports.ts';
import { writePrivateFile } from '../platform/private-files.ts';
import { endOf, MAX_OVERRIDE_HOURS, makeCode, secretOfDevice } from './override-code.ts';

const SECRET_BYTES = 32;

/** The help desk's side of `postern override`: works anywhere, needs no agent. */
export function makeMaster(file: string): void {
  if (existsSync(file))
    throw new CommandFailure(
      'master-exists',
      2,
      `${file} exists already.`,
      'Choose another file: every device would need a new secret.',
    );
  writePrivateFile(file, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`);
}

/** What device management puts into the file that `policy.overrideSecretFile` names. */
export const deviceSecret = (masterFile: string, device: string): string =>
  secretOfDevice(readSecret(masterFile), device).toString('base64url');

export function issueCode({ masterFile, device, scope, hours }: OverrideQuestion): {
  code: string;
  untilMs: number;
} {
  if (!(hours > 0 && hours <= MAX_OVERRIDE_HOURS))
    throw new CommandFailure(
      'usage',
      2,
      `An override lasts ${MAX_OVERRIDE_HOURS} hours at most.`,
      'Give fewer --hours.',
    );
  const untilMs = endOf(Date.now(), hours);
  return { code: makeCode(secretOfDevice(readSecret(masterFile), device), device, scope, untilMs), untilMs };
}

export function readSecret(file: string): Buffer {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(
      'secret-unreadable',
      2,
      `The secret ${file} can't be read: ${why}`,
      'Check the path and its permissions.',
      { cause },
    );
  }
  const secret = Buffer.from(text, 'base64url');
  if (secret.length === SECRET_BYTES) return secret;
  throw new CommandFailure(
    'secret-unreadable',
    2,
    `${file} holds no secret of 32 bytes in base64url.`,
    'Make it with `postern override secret`.',
  );
}

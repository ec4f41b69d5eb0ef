import { arch, release, totalmem, type } from 'node:os';
import type { CallOutput } from '../serve/contract.ts';

type Diagnostics = CallOutput<'diagnostics'>;

export interface DiagnosticsInput {
  readonly status: CallOutput<'status'>;
  readonly policy: CallOutput<'policy'>;
  readonly doctor: CallOutput<'doctor'>;
  readonly apps: CallOutput<'apps'>;
  readonly exchanges: CallOutput<'exchanges'>['exchanges'];
  /** Names that must not leave: the person's, the device's; each becomes `(person)` or `(device)`. */
  readonly names: { readonly person: readonly string[]; readonly device: readonly string[] };
  readonly nowMs: number;
}

/**
 * What a support person needs to see. The local API has no secret and no prompt to begin with; here the names of
 * people and machines go too, and home directories, which hold them.
 */
export function diagnosticsOf({ nowMs, names, ...parts }: DiagnosticsInput): Diagnostics {
  const { rules: _rules, ...policy } = parts.policy;
  const machine = {
    madeAt: new Date(nowMs).toISOString(),
    os: `${type()} ${release()} ${arch()}`,
    memoryBytes: totalmem(),
    node: process.version,
  };
  const calls = parts.exchanges.map(({ user: _user, reasons, ...call }) => ({
    ...call,
    rules: reasons.map(({ rule, action }) => ({ rule, action })),
  }));
  const file = (name: string, content: unknown) => ({
    name,
    text: withoutNames(JSON.stringify(content, undefined, 2), names),
  });
  return {
    files: [
      file('machine.json', machine),
      file('status.json', parts.status),
      file('doctor.json', parts.doctor),
      file('policy.json', policy),
      file('apps.json', parts.apps),
      file('last-calls.json', calls),
    ],
  };
}

const HOME_FOLDER = /(\/(?:home|Users)\/|\\\\Users\\\\)[^/\\"]+/g;

function withoutNames(text: string, { person, device }: DiagnosticsInput['names']): string {
  let result = text.replace(HOME_FOLDER, '$1(person)');
  const replace = (names: readonly string[], by: string): void => {
    // A name of one or two letters stands in every second word.
    for (const name of names) if (name.length > 2) result = result.replaceAll(wordsOf(name), by);
  };
  replace(person, '(person)');
  replace(device, '(device)');
  return result;
}

const wordsOf = (name: string): RegExp =>
  new RegExp(`(?<![\\w.-])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`, 'gi');

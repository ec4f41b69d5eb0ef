/**
 * News from outside the process: settings and policy files, read, checked and watched; bundles from a CDN
 * and what a gateway says. This room reads files and opens sockets of its own; it decides nothing and applies
 * nothing: main hands on what it brings, whole or not at all.
 */
import fs from 'node:fs';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { type ConfigFile, isObject, readConfigFile } from './config-file.ts';
import { type Config, configSchema, MANAGED_ONLY_KEYS } from './config-schema.ts';

export interface ConfigSources {
  /** `--config`. */
  readonly explicitPath?: string | undefined;
  /** `Platform.managedConfigFile`; need not exist. */
  readonly managedPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Every file that has a say, the managed one first; present or not, these are the ones to watch. */
  readonly files: readonly {
    readonly file: string;
    readonly kind: 'managed' | 'own';
    readonly present: boolean;
  }[];
  /** Which file set each value (`upstream.proxy` → `managed`); what isn't here is a default. */
  readonly origins: ReadonlyMap<string, 'managed' | 'own'>;
  /** Not errors, but a person must be able to see them: status and doctor show each. */
  readonly notices: readonly ConfigNotice[];
}

export interface ConfigNotice extends ConfigProblem {
  readonly code: 'managed-value-kept' | 'managed-file-writable' | 'managed-only-ignored';
}

/** Throws ConfigError naming file, line, column, field and mend of everything that is wrong. */
export function loadConfig({ explicitPath, managedPath, env }: ConfigSources): LoadedConfig {
  const ownPath = explicitPath ?? (env['POSTERN_CONFIG'] || undefined);
  const { managed, own } = readBoth(managedPath, ownPath);
  const origins = new Map<string, 'managed' | 'own'>();
  const notices: ConfigNotice[] = [];
  const merged: Record<string, unknown> = {};
  if (managed) overlay(merged, managed.value, '', (field) => void origins.set(field, 'managed'));
  if (own) {
    const ignored = MANAGED_ONLY_KEYS.filter((field) => valueAt(own.value, field) !== undefined);
    notices.push(...ignored.map((field) => managedOnlyIgnored(own, field, managedPath)));
    overlay(merged, without(own.value, ignored), '', (field, kept) => {
      if (kept) notices.push(managedValueKept(own, field, managedPath));
      else origins.set(field, 'own');
    });
  }
  if (managed && isWritableByOthers(managedPath)) notices.push(writableByOthers(managed));
  const files: LoadedConfig['files'] = [
    { file: managedPath, kind: 'managed', present: managed !== undefined },
    ...(ownPath ? [{ file: ownPath, kind: 'own', present: true } as const] : []),
  ];
  return { config: configSchema.parse(merged), files, origins, notices };
}

/** Both files' problems are told at once. */
function readBoth(
  managedPath: string,
  ownPath: string | undefined,
): { managed?: ConfigFile; own?: ConfigFile } {
  const errors: ConfigError[] = [];
  const attempt = (file: string): ConfigFile | undefined => {
    try {
      return readConfigFile(file);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      errors.push(error);
      return undefined;
    }
  };
  const managed = attempt(managedPath);
  const own = ownPath ? attempt(ownPath) : undefined;
  const [first] = errors;
  if (first)
    throw new ConfigError(
      first.code,
      errors.flatMap((error) => error.problems),
      { cause: first },
    );
  if (ownPath && !own) {
    throw new ConfigError('unreadable', [
      {
        file: ownPath,
        line: undefined,
        column: undefined,
        field: undefined,
        message: 'there is no such file',
        mend: 'Check --config and POSTERN_CONFIG.',
      },
    ]);
  }
  return { ...(managed && { managed }), ...(own && { own }) };
}

/** Copies leaves that aren't set yet; tells of each whether the one already there was kept. */
function overlay(
  target: Record<string, unknown>,
  source: Readonly<Record<string, unknown>>,
  prefix: string,
  report: (field: string, kept: boolean) => void,
): void {
  for (const [key, value] of Object.entries(source)) {
    const field = prefix + key;
    const present = target[key];
    if (present === undefined && !isObject(value)) {
      target[key] = value;
      report(field, false);
    } else if (isObject(value) && (present === undefined || isObject(present)) && !isWhole(field)) {
      const inner: Record<string, unknown> = isObject(present) ? present : {};
      target[key] = inner;
      overlay(inner, value, `${field}.`, report);
    } else if (present === undefined) {
      target[key] = value;
      report(field, false);
    } else {
      report(field, true);
    }
  }
}

/** One gateway, provider, source or collector is one value: half of it from each file would send one company's key to another's host. */
const WHOLE: ReadonlySet<string> = new Set(['gateway', 'policy.source', 'identity', 'tenant', 'telemetry']);
const isWhole = (field: string): boolean => WHOLE.has(field);

const managedOnlyIgnored = (own: ConfigFile, field: string, managedPath: string): ConfigNotice => ({
  ...own.problemAt(
    field,
    'counts only where device management sets it; it is ignored here',
    `Remove it here, or have it set in ${managedPath}.`,
  ),
  code: 'managed-only-ignored',
});

const valueAt = (value: unknown, field: string): unknown =>
  field.split('.').reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);

/** A copy without these fields. */
function without(
  value: Readonly<Record<string, unknown>>,
  fields: readonly string[],
): Readonly<Record<string, unknown>> {
  return fields.reduce((rest, field) => withoutField(rest, field.split('.')), value);
}

function withoutField(
  value: Readonly<Record<string, unknown>>,
  [key = '', ...inner]: readonly string[],
): Readonly<Record<string, unknown>> {
  const { [key]: old, ...rest } = value;
  return inner.length > 0 && isObject(old) ? { ...rest, [key]: withoutField(old, inner) } : rest;
}

const managedValueKept = (own: ConfigFile, field: string, managedPath: string): ConfigNotice => ({
  ...own.problemAt(
    field,
    `is set by your organisation in ${managedPath}; that value is used`,
    'Remove it here.',
  ),
  code: 'managed-value-kept',
});

function isWritableByOthers(file: string): boolean {
  if (process.platform === 'win32') return false;
  return (fs.statSync(file).mode & 0o022) !== 0;
}

const writableByOthers = (file: ConfigFile): ConfigNotice => ({
  ...file.problemAt('', 'other users of this machine can change this file', `chmod 644 ${file.file}`),
  code: 'managed-file-writable',
});

/** One configuration file: read, located, checked key by key. */
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { configSchema, PATH_KEYS } from './config-schema.ts';
import { JsonSyntaxError, locateJson, type Offsets, positionAt } from './json-locator.ts';
import { nearestName } from './nearest-name.ts';

const MAX_CONFIG_BYTES = 1024 * 1024;

export interface ConfigFile {
  readonly file: string;
  /** What the file says, relative paths made absolute; no defaults. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly problemAt: (field: string, message: string, mend?: string) => ConfigProblem;
}

/** Undefined if there is no such file. Throws ConfigError. */
export function readConfigFile(file: string): ConfigFile | undefined {
  let bytes: Buffer;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigError('unreadable', [problem(file, `can't be read: ${message}`)], { cause: error });
  }
  return parseConfigFile(file, decode(file, bytes));
}

function decode(file: string, bytes: Buffer): string {
  if (bytes.length > MAX_CONFIG_BYTES) {
    throw new ConfigError('unreadable', [problem(file, `is larger than ${MAX_CONFIG_BYTES} bytes`)]);
  }
  try {
    // Strips a UTF-8 byte order mark, which Windows editors write.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError('unreadable', [problem(file, 'is not UTF-8 text', 'Save it as UTF-8.')], {
      cause: error,
    });
  }
}

const problem = (file: string, message: string, mend?: string): ConfigProblem => ({
  file,
  line: undefined,
  column: undefined,
  field: undefined,
  message,
  mend,
});

export function parseConfigFile(file: string, text: string): ConfigFile {
  const { value, offsets } = locate(file, text);
  const problemAt = (field: string, message: string, mend?: string): ConfigProblem => ({
    file,
    ...positionAt(text, offsets.get(`#${field}`) ?? offsets.get(field) ?? 0),
    field: field === '' ? undefined : field,
    message,
    mend,
  });
  const result = configSchema.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => explainIssue(issue, offsets, problemAt));
    throw new ConfigError('invalid', problems);
  }
  return {
    file,
    value: withAbsolutePaths(value as Record<string, unknown>, path.dirname(path.resolve(file))),
    problemAt,
  };
}

function locate(file: string, text: string): { value: unknown; offsets: Offsets } {
  try {
    return locateJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    const where = { ...problem(file, `not JSON: ${error.message}`), ...positionAt(text, error.offset) };
    const mend = text.trim() === '' ? 'The file is empty; write {} for all defaults.' : undefined;
    throw new ConfigError('not-json', [{ ...where, mend }], { cause: error });
  }
}

type Report = ConfigFile['problemAt'];

function explainIssue(issue: z.core.$ZodIssue, offsets: Offsets, report: Report): ConfigProblem[] {
  const field = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path);
    return issue.keys.map((key) => {
      const nearest = nearestName(key, known);
      const mend = nearest ? `Did you mean "${nearest}"?` : `Known here: ${known.join(', ')}.`;
      return report(field === '' ? key : `${field}.${key}`, 'unknown key', mend);
    });
  }
  if (issue.code === 'invalid_value') {
    return [report(field, `must be one of ${issue.values.map(String).join(', ')}`)];
  }
  if (issue.code === 'invalid_type') {
    const missing = field !== '' && !offsets.has(field);
    if (!missing)
      return [report(field, `must be ${issue.expected === 'object' ? 'an object' : `a ${issue.expected}`}`)];
    const parent = report(issue.path.slice(0, -1).join('.'), `"${field}" is missing`);
    return [{ ...parent, field }];
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    const limit = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
    return [report(field, issue.origin === 'string' ? issue.message : `must be ${limit}`)];
  }
  // About a field that isn't there: its place is where it should be.
  const place = offsets.has(field) ? field : issue.path.slice(0, -1).join('.');
  const mend = issue.code === 'custom' ? issue.params?.['mend'] : undefined;
  return [{ ...report(place, issue.message, typeof mend === 'string' ? mend : undefined), field }];
}

/** Keys of the object schema at `where`, defaults and optionals unwrapped. */
function knownKeys(where: readonly PropertyKey[]): string[] {
  let schema: unknown = configSchema;
  for (const key of where) {
    schema = unwrap(schema);
    if (!(schema instanceof z.ZodObject)) return [];
    schema = schema.shape[String(key)];
  }
  const object = unwrap(schema);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodPrefault || inner instanceof z.ZodDefault) {
    inner = inner.unwrap();
  }
  return inner;
}

function withAbsolutePaths(
  value: Record<string, unknown>,
  base: string,
  prefix = '',
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const field = prefix + key;
    if (typeof inner === 'string' && PATH_KEYS.includes(field)) result[key] = path.resolve(base, inner);
    else if (isObject(inner)) result[key] = withAbsolutePaths(inner, base, `${field}.`);
    else result[key] = inner;
  }
  return result;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

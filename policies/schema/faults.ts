import type { z } from 'zod';
import { nearest } from './nearest.ts';
import type { Fault, Path } from './problem.ts';

type Issue = z.core.$ZodIssue;

/**
 * Turns zod's issues into faults that name the mend. `keysAt` gives the keys known at a path, for suggestions.
 */
export function faultsOf(
  issues: readonly Issue[],
  data: unknown,
  keysAt: (path: Path) => readonly string[],
): Fault[] {
  return issues.flatMap((issue) => faultsOfIssue(issue, [], data, keysAt));
}

function faultsOfIssue(
  issue: Issue,
  prefix: Path,
  data: unknown,
  keysAt: (path: Path) => readonly string[],
): Fault[] {
  const path: Path = [
    ...prefix,
    ...issue.path.map((step) => (typeof step === 'number' ? step : String(step))),
  ];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...path, key], key, keysAt(path)));
    case 'invalid_value':
      return [notOneOf(path, issue.values.map(String), valueAt(data, path))];
    case 'invalid_union':
      if ('options' in issue && Array.isArray(issue.options))
        return [notOneOf(path, issue.options.map(String), valueAt(data, path))];
      return faultsOfUnion(issue, path, data, keysAt);
    case 'invalid_type':
      return [wrongType(path, issue.expected, valueAt(data, path))];
    case 'too_small':
    case 'too_big':
      return [outOfBounds(path, issue)];
    default:
      return [{ path, message: `This value isn't valid: ${issue.message}.`, mend: 'Correct the value.' }];
  }
}

function unknownKey(path: Path, key: string, known: readonly string[]): Fault {
  const guess = nearest(key, known);
  const mend =
    guess === undefined
      ? `Remove it, or use one of: ${known.join(', ')}.`
      : `Did you mean "${guess}"? Otherwise remove it.`;
  return { path, atKey: true, message: `There is no setting "${key}" here.`, mend };
}

function notOneOf(path: Path, choices: readonly string[], given: unknown): Fault {
  const list = choices.join(', ');
  if (given === undefined) {
    return {
      path,
      message: `"${path.at(-1)}" is missing.`,
      mend: `Add it: ${choices.length > 1 ? 'one of ' : ''}${list}.`,
    };
  }
  const guess = typeof given === 'string' ? nearest(given, choices) : undefined;
  const hint = guess === undefined ? '' : `Did you mean "${guess}"? `;
  return {
    path,
    message: `${show(given)} isn't a choice here.`,
    mend: `${hint}Use ${choices.length > 1 ? 'one of: ' : ''}${list}.`,
  };
}

/** A "one or a list" field: the issues of the branch that fits what was written are the ones that help. */
function faultsOfUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: Path,
  data: unknown,
  keysAt: (path: Path) => readonly string[],
): Fault[] {
  const given = valueAt(data, path);
  const wanted = typeof given === 'object' && given !== null ? issue.errors.at(-1) : issue.errors[0];
  if (given === undefined || wanted === undefined) {
    return [{ path, message: `"${path.at(-1)}" is missing.`, mend: 'Add it: one value or a list.' }];
  }
  return wanted.flatMap((inner) => faultsOfIssue(inner, path, data, keysAt));
}

const TYPE_WORDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section with settings',
};

function wrongType(path: Path, expected: string, given: unknown): Fault {
  const wanted = TYPE_WORDS[expected] ?? expected;
  const name = path.at(-1);
  if (given === undefined) return { path, message: `"${name}" is missing.`, mend: `Add it: ${wanted}.` };
  const quote = expected === 'string' && typeof given !== 'object' ? ' Put it in quotes.' : '';
  return {
    path,
    message: `This should be ${wanted}, but is ${show(given)}.`,
    mend: `Write ${wanted}.${quote}`,
  };
}

function outOfBounds(path: Path, issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): Fault {
  const small = issue.code === 'too_small';
  const bound = small ? issue.minimum : issue.maximum;
  if (issue.origin === 'array') {
    return { path, message: 'This list is empty.', mend: 'Add at least one entry, or remove the setting.' };
  }
  const unit = issue.origin === 'string' ? ' characters' : '';
  const message = small ? `This is less than ${bound}${unit}.` : `This is more than ${bound}${unit}.`;
  return { path, message, mend: `Use ${small ? 'at least' : 'at most'} ${bound}${unit}.` };
}

/** What was written, short, for a message. */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'empty';
  if (typeof value === 'object') return 'a section';
  const text = String(value);
  return `"${text.length > 40 ? `${text.slice(0, 37)}...` : text}"`;
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

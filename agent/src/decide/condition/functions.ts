import { RE2JSException } from 're2js';
import { nearest } from '../../../../policies/schema/nearest.ts';
import { ConditionFault, type Expression } from './fault.ts';
import { compilePattern, MAX_PATTERN_SIZE } from './patterns.ts';
import { ANY, BOOL, DOUBLE, DURATION, INT, type Shape, shapeName, TEXT, TIME } from './shape.ts';

export interface Call {
  readonly id: bigint;
  readonly name: string;
  readonly target: Shape | undefined;
  readonly args: readonly Shape[];
  /** The arguments themselves, for checks on literals. */
  readonly nodes: readonly Expression[];
}

type Check = (call: Call) => Shape | undefined;

const is = (shape: Shape | undefined, ...types: readonly Shape['type'][]) =>
  shape !== undefined && (shape.type === 'any' || types.includes(shape.type));
const NUMBERS = ['int', 'double'] as const;
const ORDERED = ['int', 'double', 'text', 'time', 'duration', 'bool'] as const;

const comparable = (a: Shape, b: Shape) =>
  a.type === b.type ||
  is(a, 'null') ||
  is(b, 'null') ||
  b.type === 'any' ||
  (is(a, ...NUMBERS) && is(b, ...NUMBERS));

/** A check that wants these argument types after a target, if it is a method. */
const takes =
  (result: Shape, target: Shape['type'] | undefined, ...wanted: readonly Shape['type'][]): Check =>
  (call) =>
    (target === undefined ? call.target === undefined : is(call.target, target)) &&
    call.args.length === wanted.length &&
    wanted.every((type, i) => is(call.args[i], type))
      ? result
      : undefined;

const bothBool: Check = ({ args }) => (args.every((each) => is(each, 'bool')) ? BOOL : undefined);
const equality: Check = ({ args: [a, b] }) => (a && b && comparable(a, b) ? BOOL : undefined);
const ordering: Check = ({ args: [a, b] }) =>
  a && b && is(a, ...ORDERED) && comparable(a, b) ? BOOL : undefined;
const timePart: Check = (call) =>
  is(call.target, 'time', 'duration') && call.args.length <= 1 && call.args.every((each) => is(each, 'text'))
    ? checkZone(call, INT)
    : undefined;

const arithmetic: Check = ({ name, args: [a, b] }) => {
  if (a === undefined || b === undefined) return undefined;
  if (a.type === 'any' || b.type === 'any') return ANY;
  if (a.type === b.type && is(a, ...NUMBERS)) return a;
  if (name === '_+_' && a.type === b.type && is(a, 'text', 'list', 'duration')) return a;
  if (name === '_+_' && is(a, 'time', 'duration') && is(b, 'time', 'duration')) return TIME;
  if (name === '_-_' && is(a, 'time') && is(b, 'time', 'duration'))
    return b.type === 'time' ? DURATION : TIME;
  if (name === '_-_' && is(a, 'duration') && is(b, 'duration')) return DURATION;
  return undefined;
};

const CHECKS: Readonly<Record<string, Check>> = {
  '_&&_': bothBool,
  '_||_': bothBool,
  '!_': bothBool,
  '@not_strictly_false': () => BOOL,
  '_==_': equality,
  '_!=_': equality,
  '_<_': ordering,
  '_<=_': ordering,
  '_>_': ordering,
  '_>=_': ordering,
  '_+_': arithmetic,
  '_-_': arithmetic,
  '_*_': arithmetic,
  '_/_': arithmetic,
  '_%_': arithmetic,
  '-_': ({ args: [a] }) => (is(a, ...NUMBERS) ? a : undefined),
  '_?_:_': ({ args: [test, a, b] }) =>
    a && b && is(test, 'bool') && comparable(a, b) ? (a.type === 'any' ? b : a) : undefined,
  '@in': ({ args: [item, list] }) => {
    if (list?.type === 'any') return BOOL;
    return item && list?.type === 'list' && comparable(item, list.of) ? BOOL : undefined;
  },
  '_[_]': ({ args: [list, index] }) =>
    list?.type === 'any' ? ANY : list?.type === 'list' && is(index, 'int') ? list.of : undefined,
  size: ({ target, args }) =>
    args.length === (target === undefined ? 1 : 0) && is(target ?? args[0], 'text', 'list') ? INT : undefined,
  startsWith: takes(BOOL, 'text', 'text'),
  endsWith: takes(BOOL, 'text', 'text'),
  contains: takes(BOOL, 'text', 'text'),
  matches: (call) => (takes(BOOL, 'text', 'text')(call) === undefined ? undefined : checkPattern(call)),
  getFullYear: timePart,
  getMonth: timePart,
  getDate: timePart,
  getDayOfMonth: timePart,
  getDayOfWeek: timePart,
  getDayOfYear: timePart,
  getHours: timePart,
  getMinutes: timePart,
  getSeconds: timePart,
  getMilliseconds: timePart,
  int: ({ args }) => (args.length === 1 ? INT : undefined),
  double: ({ args }) => (args.length === 1 ? DOUBLE : undefined),
  string: ({ args }) => (args.length === 1 ? TEXT : undefined),
  bool: ({ args }) => (args.length === 1 ? BOOL : undefined),
  timestamp: ({ args }) => (args.length === 1 && is(args[0], 'text', 'time', 'int') ? TIME : undefined),
  duration: ({ args }) => (args.length === 1 && is(args[0], 'text', 'duration') ? DURATION : undefined),
  dyn: ({ args }) => (args.length === 1 ? ANY : undefined),
};

/** The result's type. Throws ConditionFault for unknown functions and arguments that can't work. */
export function checkCall(call: Call): Shape {
  const check = Object.hasOwn(CHECKS, call.name) ? CHECKS[call.name] : undefined;
  if (check === undefined) throw noFunction(call);
  const result = check(call);
  if (result !== undefined) return result;
  const given = [...(call.target === undefined ? [] : [call.target]), ...call.args].map(shapeName);
  const operator = /^[_!@-]/.test(call.name);
  const label = operator ? call.name.replace(/[_@]/g, ' ').trim() : `${call.name}()`;
  const message = `"${label}" can't work with ${given.join(' and ')}.`;
  throw new ConditionFault(call.id, message, mendTypes(call, given));
}

function mendTypes(call: Call, given: readonly string[]): string {
  if (call.args.some(({ type }) => type === 'list') && /^_[<>=!]/.test(call.name)) {
    return 'Compare its length, size(...), or use "in".';
  }
  return given.length > 1 ? 'Compare and combine values of one type.' : 'Give it a value of the right type.';
}

function noFunction({ id, name }: Call): ConditionFault {
  const known = Object.keys(CHECKS).filter((each) => /^[a-z]/i.test(each));
  const all = [...known, 'all', 'exists', 'exists_one', 'filter', 'map'];
  const guess = nearest(name, all);
  const mend = guess === undefined ? `Use one of: ${all.join(', ')}.` : `Did you mean "${guess}"?`;
  return new ConditionFault(id, `There is no function "${name}".`, mend);
}

const literalText = (node: Expression | undefined): string | undefined =>
  node?.exprKind.case === 'constExpr' && node.exprKind.value.constantKind.case === 'stringValue'
    ? node.exprKind.value.constantKind.value
    : undefined;

/** Steps of a pattern that take as long as one node of an expression. */
const STEPS_PER_NODE = 5;

/** RE2 syntax, linear in the text whatever the pattern; only literal ones, so that they are known to compile. */
function checkPattern({ nodes }: Call): Shape {
  const [node] = nodes;
  const pattern = literalText(node);
  if (node === undefined || pattern === undefined) {
    const id = node?.id ?? 0n;
    throw new ConditionFault(
      id,
      "The pattern of matches() isn't a literal text.",
      'Write the pattern in quotes.',
    );
  }
  const size = patternSize(node, pattern);
  if (size > MAX_PATTERN_SIZE) {
    throw new ConditionFault(
      node.id,
      `This pattern is too large: ${size} steps, and ${MAX_PATTERN_SIZE} are the most.`,
      'Repeat less often, or list the texts with "in".',
    );
  }
  return BOOL;
}

function patternSize(node: Expression, pattern: string): number {
  try {
    return compilePattern(pattern).programSize();
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const why = error.message.replace(/^error parsing regexp: /, '');
    throw new ConditionFault(node.id, `This pattern isn't valid: ${why}.`, 'Use RE2 syntax.');
  }
}

/** What a call costs beyond its arguments, in nodes of an expression. */
export function weightOf({ name, nodes }: Pick<Call, 'name' | 'nodes'>): number {
  const pattern = name === 'matches' ? literalText(nodes[0]) : undefined;
  return pattern === undefined ? 0 : Math.ceil(compilePattern(pattern).programSize() / STEPS_PER_NODE);
}

function checkZone({ nodes }: Call, result: Shape): Shape {
  const [node] = nodes;
  const zone = literalText(node);
  if (node === undefined || zone === undefined || /^(UTC|[+-]?\d\d:\d\d)$/.test(zone)) return result;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return result;
  } catch (cause) {
    const fault = new ConditionFault(
      node.id,
      `There is no time zone "${zone}".`,
      'Write it like "Europe/Oslo".',
    );
    fault.cause = cause;
    throw fault;
  }
}

import { nearest } from '../../../../policies/schema/nearest.ts';
import { ConditionFault, type Expression } from './fault.ts';
import { checkCall, weightOf } from './functions.ts';
import {
  ANY,
  BOOL,
  DOUBLE,
  DURATION,
  INT,
  listOf,
  NULL,
  type Shape,
  shapeName,
  TEXT,
  TIME,
  VARIABLES,
  type Variable,
} from './shape.ts';

const MAX_NODES = 400;
/** Each level multiplies the steps by the length of a list, which is capped where values are bound. */
const MAX_LOOP_DEPTH = 2;
/** Nodes inside the inner of two loops run up to 16,384 times each, at about 0.1 µs a time. */
const MAX_INNER_NODES = 40;

/**
 * Checks names and types of a parsed condition and bounds its cost, because the evaluator only finds a misspelt
 * field when the rule is needed. Bare names of records are rewritten in place to the field they stand for.
 */
export class ConditionChecker {
  readonly used = new Set<Variable>();
  #nodes = 0;
  #innerNodes = 0;

  /** The expression's type. Throws ConditionFault. */
  check(expression: Expression, locals: ReadonlyMap<string, Shape> = new Map(), loops = 0): Shape {
    this.#charge(expression, 1, loops);
    const { exprKind } = expression;
    switch (exprKind.case) {
      case 'constExpr':
        return constantShape(exprKind.value.constantKind.case);
      case 'identExpr':
        return this.#bare(expression, this.#variable(expression.id, exprKind.value.name, locals));
      case 'selectExpr':
        return this.#field(expression, locals, loops);
      case 'listExpr':
        return listOf(commonShape(exprKind.value.elements.map((item) => this.check(item, locals, loops))));
      case 'callExpr': {
        const { target, args, function: name } = exprKind.value;
        const targetShape = target === undefined ? undefined : this.check(target, locals, loops);
        const shapes = args.map((argument) => this.check(argument, locals, loops));
        const result = checkCall({ id: expression.id, name, target: targetShape, args: shapes, nodes: args });
        this.#charge(expression, weightOf({ name, nodes: args }), loops);
        return result;
      }
      case 'comprehensionExpr':
        return this.#loop(expression.id, exprKind.value, locals, loops + 1);
      default:
        throw new ConditionFault(
          expression.id,
          'Maps and messages have no use in a condition.',
          'Use lists, comparisons and the functions of CEL.',
        );
    }
  }

  #charge({ id }: Expression, nodes: number, loops: number): void {
    this.#nodes += nodes;
    if (this.#nodes > MAX_NODES) {
      throw new ConditionFault(id, 'This condition is too long.', 'Split the rule into several.');
    }
    if (loops < MAX_LOOP_DEPTH) return;
    this.#innerNodes += nodes;
    if (this.#innerNodes > MAX_INNER_NODES) {
      throw new ConditionFault(id, 'The inner loop does too much.', 'Move a part of it out of the loop.');
    }
  }

  #variable(id: bigint, name: string, locals: ReadonlyMap<string, Shape>): Shape {
    const local = locals.get(name);
    if (local !== undefined) return local;
    if (Object.hasOwn(VARIABLES, name)) {
      this.used.add(name as Variable);
      return VARIABLES[name as Variable];
    }
    const known = [...Object.keys(VARIABLES), ...locals.keys()].filter((each) => !each.startsWith('@'));
    const guess = nearest(name, known);
    throw new ConditionFault(
      id,
      `There is no "${name}" in conditions.`,
      guess === undefined ? `Use one of: ${known.join(', ')}.` : `Did you mean "${guess}"?`,
    );
  }

  #bare(expression: Expression, shape: Shape): Shape {
    if (shape.type !== 'record' || shape.bare === undefined) return shape;
    const operand: Expression = { ...expression };
    expression.exprKind = {
      case: 'selectExpr',
      value: { $typeName: 'cel.expr.Expr.Select', operand, field: shape.bare, testOnly: false },
    };
    return shape.fields[shape.bare] ?? ANY;
  }

  #field(expression: Expression, locals: ReadonlyMap<string, Shape>, loops: number): Shape {
    if (expression.exprKind.case !== 'selectExpr') return ANY;
    const { operand, field, testOnly } = expression.exprKind.value;
    if (operand === undefined) return ANY;
    const { exprKind } = operand;
    const shape =
      exprKind.case === 'identExpr'
        ? this.#variable(operand.id, exprKind.value.name, locals)
        : this.check(operand, locals, loops);
    if (shape.type === 'any') return testOnly ? BOOL : ANY;
    const found =
      shape.type === 'record' && Object.hasOwn(shape.fields, field) ? shape.fields[field] : undefined;
    if (found === undefined) throw noField(expression.id, field, shape);
    return testOnly ? BOOL : found;
  }

  #loop(
    id: bigint,
    loop: Extract<Expression['exprKind'], { case: 'comprehensionExpr' }>['value'],
    locals: ReadonlyMap<string, Shape>,
    depth: number,
  ): Shape {
    if (depth > MAX_LOOP_DEPTH) {
      throw new ConditionFault(id, 'Loops are nested too deep.', `Nest at most ${MAX_LOOP_DEPTH} of them.`);
    }
    const { iterRange, accuInit, loopCondition, loopStep, result } = loop;
    if (!iterRange || !accuInit || !loopCondition || !loopStep || !result) return ANY;
    // The range runs once, outside of this loop.
    const range = this.check(iterRange, locals, depth - 1);
    if (range.type !== 'list' && range.type !== 'any') {
      throw new ConditionFault(iterRange.id, `This loops over ${shapeName(range)}.`, 'Loop over a list.');
    }
    const initial = this.check(accuInit, locals, depth - 1);
    const inner = new Map(locals).set(loop.accuVar, initial.type === 'list' ? listOf(ANY) : initial);
    inner.set(loop.iterVar, range.type === 'list' ? range.of : ANY);
    this.check(loopCondition, inner, depth);
    this.check(loopStep, inner, depth);
    return this.check(result, inner, depth);
  }
}

function noField(id: bigint, field: string, shape: Shape): ConditionFault {
  if (shape.type !== 'record') {
    return new ConditionFault(id, `${shapeName(shape)} has no field "${field}".`, 'Remove the field.');
  }
  const known = Object.keys(shape.fields);
  const guess = nearest(field, known);
  const mend = guess === undefined ? `Use one of: ${known.join(', ')}.` : `Did you mean "${guess}"?`;
  return new ConditionFault(id, `There is no field "${field}" here.`, mend);
}

function constantShape(kind: string | undefined): Shape {
  switch (kind) {
    case 'stringValue':
      return TEXT;
    case 'int64Value':
    case 'uint64Value':
      return INT;
    case 'doubleValue':
      return DOUBLE;
    case 'boolValue':
      return BOOL;
    case 'nullValue':
      return NULL;
    case 'timestampValue':
      return TIME;
    case 'durationValue':
      return DURATION;
    default:
      return ANY;
  }
}

function commonShape(shapes: readonly Shape[]): Shape {
  const [first] = shapes;
  return first !== undefined && shapes.every(({ type }) => type === first.type) ? first : ANY;
}

/** Between the protocol that Prisma's Python client speaks (GraphQL) and the one that its engine in WebAssembly takes (JSON). */
import { type Datamodel, withJsonTagged } from './datamodel.ts';
import type { Field } from './graphql.ts';

export interface JsonQuery {
  readonly modelName?: string;
  readonly action: string;
  readonly query: { readonly arguments: object; readonly selection: object };
}

const ACTIONS =
  /^((?:create|update|delete)(?:One|Many)|upsertOne|find(?:Unique|First)(?=.*OrThrow$)|findMany|findUnique|findFirst|aggregate|groupBy)(.+?)(OrThrow)?$/;

export function toJsonQuery({ name, arguments: given, fields }: Field, datamodel: Datamodel): JsonQuery {
  const selection = selectionOf(fields);
  if (name === 'queryRaw' || name === 'executeRaw')
    return { action: name, query: { arguments: given, selection } };
  const [, action, modelName, orThrow = ''] = ACTIONS.exec(name) ?? [];
  if (action === undefined || modelName === undefined) throw new Error(`no action is known for ${name}`);
  const all = withJsonTagged(given, modelName, datamodel) as object;
  return { modelName, action: action + orThrow, query: { arguments: all, selection } };
}

const selectionOf = (fields: readonly Field[] = []): object =>
  Object.fromEntries(
    fields.map(({ name, arguments: given, fields: inner }) => [
      name,
      inner === undefined ? true : { arguments: given, selection: selectionOf(inner) },
    ]),
  );

/** Dates, big numbers and the like come as `{"$type": …, "value": …}`; GraphQL has the bare value. */
export function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (typeof value !== 'object' || value === null) return value;
  if ('$type' in value && 'value' in value) return value.value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, untagged(one)]));
}

/** One answer of the engine to each field, as one answer to the operation. */
export function toGraphqlAnswer(fields: readonly Field[], answers: readonly EngineAnswer[]): object {
  const errors = answers.flatMap((answer) => answer.errors ?? []);
  if (errors.length > 0) return { errors };
  const data = fields.map(({ as }, index) => {
    const [result] = Object.values(answers[index]?.data ?? {});
    return [as, isTable(result) ? rowsOf(result) : untagged(result)];
  });
  return { data: Object.fromEntries(data) };
}

export interface EngineAnswer {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly object[];
}

/** What a raw query gives: since 5.13 column by column. */
interface RawTable {
  readonly columns: readonly string[];
  readonly types: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

const isTable = (value: unknown): value is RawTable =>
  typeof value === 'object' && value !== null && 'columns' in value && 'types' in value && 'rows' in value;

/** As it was before: a type with each value. */
const rowsOf = ({ columns, types, rows }: RawTable): readonly object[] =>
  rows.map((row) =>
    Object.fromEntries(columns.map((column, index) => [column, typed(types[index] ?? '', row[index])])),
  );

function typed(type: string, value: unknown): object {
  if (value === null) return { prisma__type: 'null', prisma__value: null };
  if (!type.endsWith('-array') || !Array.isArray(value)) return { prisma__type: type, prisma__value: value };
  const item = type.slice(0, -'-array'.length);
  return { prisma__type: 'array', prisma__value: value.map((one) => typed(item, one)) };
}

/** Of a Prisma schema, what the wire needs: which columns are JSON, and what relations lead to. */
export interface Datamodel {
  /** By model, then by field: the type without `?` and `[]`. */
  readonly [model: string]: Readonly<Record<string, string>>;
}

/** https://www.prisma.io/docs/orm/prisma-schema: `model NAME {` up to `}`, a field a line. */
export function readDatamodel(schema: string): Datamodel {
  const models = [...schema.matchAll(/^model\s+(\w+)\s*\{([\s\S]*?)^\}/gm)];
  return Object.fromEntries(
    models.map(([, name = '', body = '']) => {
      const fields = [...body.matchAll(/^\s*(\w+)\s+(\w+)(?:\[\]|\?)?(?=\s|$)/gm)];
      return [name, Object.fromEntries(fields.map(([, field = '', type = '']) => [field, type]))];
    }),
  );
}

/** GraphQL has JSON as a text like any other; the JSON protocol wants to be told which texts are. */
export function withJsonTagged(given: unknown, model: string, datamodel: Datamodel): unknown {
  if (Array.isArray(given)) return given.map((one) => withJsonTagged(one, model, datamodel));
  if (typeof given !== 'object' || given === null) return given;
  const fields = datamodel[model] ?? {};
  const entries = Object.entries(given).map(([name, value]) => {
    const type = fields[name];
    if (type === 'Json') return [name, tagged(value)];
    // Anything else is an operator, which is about the same model: AND, data, create, set …
    const about = type !== undefined && type in datamodel ? type : model;
    return [name, withJsonTagged(value, about, datamodel)];
  });
  return Object.fromEntries(entries);
}

function tagged(value: unknown): unknown {
  if (typeof value === 'string') return { $type: 'Json', value };
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== 'object' || value === null) return value;
  // A filter or `set`; its `path` is no JSON.
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([name, one]) => [name, name === 'path' ? one : tagged(one)]));
}

/** What Prisma's Python client writes, as its engine in WebAssembly takes it. */
import { describe, expect, it } from 'vitest';
import { readDatamodel } from './datamodel.ts';
import { parseOperation } from './graphql.ts';
import { toGraphqlAnswer, toJsonQuery } from './json-protocol.ts';

const DATAMODEL = readDatamodel(`
model Key {
  token    String @id
  metadata Json   @default("{}")
  models   String[]
  budget   Budget? @relation(fields: [budget_id], references: [id])
}

model Budget {
  id    String @id
  usage Json?
}
`);
const queryOf = (text: string) => parseOperation(text).map((field) => toJsonQuery(field, DATAMODEL));

describe('a query', () => {
  it('keeps its arguments, marks what is JSON, and selects what was asked for', () => {
    const text = `mutation {
      result: upsertOneKey
      (
        where: { token: "a \\"b\\"" }
        data: { create: { metadata: "{\\"x\\": 1}", models: [,"gpt",], budget: { create: { usage: "{}" } } }, update: { spend: { increment: -1.5e3 } } }
        order: asc
        on: true
        off: null
      )
      { token budget { id } }
    }`;
    expect(queryOf(text)).toEqual([
      {
        modelName: 'Key',
        action: 'upsertOne',
        query: {
          arguments: {
            where: { token: 'a "b"' },
            data: {
              create: {
                metadata: { $type: 'Json', value: '{"x": 1}' },
                models: ['gpt'],
                budget: { create: { usage: { $type: 'Json', value: '{}' } } },
              },
              update: { spend: { increment: -1500 } },
            },
            order: 'asc',
            on: true,
            off: null,
          },
          selection: { token: true, budget: { arguments: {}, selection: { id: true } } },
        },
      },
    ]);
  });

  it.each([
    ['findUniqueKeyOrThrow', 'findUniqueOrThrow'],
    ['findFirstKey', 'findFirst'],
    ['findManyKey', 'findMany'],
    ['createManyKey', 'createMany'],
    ['deleteManyKey', 'deleteMany'],
    ['aggregateKey', 'aggregate'],
    ['groupByKey', 'groupBy'],
  ])('%s is %s', (name, action) => {
    expect(queryOf(`query { result: ${name} { token } }`)).toMatchObject([{ modelName: 'Key', action }]);
  });

  it.each(['query { a(b: ', '{ a { b }', 'a'])('%s is refused', (text) => {
    expect(() => parseOperation(text)).toThrow('GraphQL');
  });
});

describe('an answer', () => {
  const fields = parseOperation('query { one: findManyKey { token } two: queryRaw }');
  it('has each result under its alias, bare', () => {
    const dated = { $type: 'DateTime', value: '2026-11-26T00:00:00.000Z' };
    const table = {
      columns: ['n', 'tags'],
      types: ['bigint', 'string-array'],
      rows: [
        ['7', ['x']],
        [null, null],
      ],
    };
    const answers = [{ data: { findManyKey: [{ token: 'a', at: dated }] } }, { data: { queryRaw: table } }];
    const nothing = { prisma__type: 'null', prisma__value: null };
    expect(toGraphqlAnswer(fields, answers)).toEqual({
      data: {
        one: [{ token: 'a', at: '2026-11-26T00:00:00.000Z' }],
        two: [
          {
            n: { prisma__type: 'bigint', prisma__value: '7' },
            tags: { prisma__type: 'array', prisma__value: [{ prisma__type: 'string', prisma__value: 'x' }] },
          },
          { n: nothing, tags: nothing },
        ],
      },
    });
  });

  it('with an error has nothing else', () => {
    const error = { error: 'x', user_facing_error: { error_code: 'P2002' } };
    expect(toGraphqlAnswer(fields, [{ data: {} }, { errors: [error] }])).toEqual({ errors: [error] });
  });
});

import type { JsonRecord } from '../../json/values.ts';

/**
 * A member by its camelCase name or its original snake_case one (https://protobuf.dev/programming-guides/json/), with
 * the name it was found under, for pointers.
 */
export function member(record: JsonRecord | undefined, camel: string): { key: string; value: unknown } {
  if (record === undefined || record[camel] !== undefined) return { key: camel, value: record?.[camel] };
  const snake = snakeCase(camel);
  return record[snake] === undefined
    ? { key: camel, value: undefined }
    : { key: snake, value: record[snake] };
}

const SNAKE = new Map<string, string>();

/** Few names, asked for again and again. Only ever called with names that this dialect spells out. */
function snakeCase(camel: string): string {
  let snake = SNAKE.get(camel);
  if (snake === undefined) {
    snake = camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    SNAKE.set(camel, snake);
  }
  return snake;
}

export const bothSpellings = (camel: readonly string[]): ReadonlySet<string> =>
  new Set([...camel, ...camel.map(snakeCase)]);

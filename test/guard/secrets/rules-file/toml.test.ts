import { describe, expect, it } from 'vitest';
import { readToml } from '../../../../agent/src/guard/secrets/rules-file/toml.ts';

describe('TOML with lines', () => {
  it('knows where every value stands', () => {
    const read = readToml(`title = "x"

[[rules]]
id = "a"
keywords = [
  "one",
  "two",
]
[[rules]]
id = "b"
  [[rules.allowlists]]
  regexes = ['''x''']
[extend]
inline = { path = "p" }
`);
    if (!read.ok) throw new Error(read.message);
    const { data, lineOf } = read.document;
    expect(data['rules']).toMatchObject([{ id: 'a', keywords: ['one', 'two'] }, { id: 'b' }]);
    expect(lineOf(['rules', 0])).toBe(3);
    expect(lineOf(['rules', 0, 'keywords', 1])).toBe(7);
    expect(lineOf(['rules', 1, 'id'])).toBe(10);
    expect(lineOf(['rules', 1, 'allowlists', 0, 'regexes', 0])).toBe(12);
    expect(lineOf(['rules', 1, 'missing'])).toBe(9);
    expect(lineOf(['extend', 'inline', 'path'])).toBe(14);
  });

  it.each([
    ['an open string', 'a = 1\nb = "x\n', 2],
    ['a key twice', 'a = 1\na = 2\n', 2],
    ['no value', '\na = # x', 2],
    ['YAML', 'rules:\n  - id: x\n', 1],
  ])('says in which line it can not be read: %s', (_, text, line) => {
    expect(readToml(text)).toMatchObject({ ok: false, line });
  });

  it('refuses brackets without end', () => {
    expect(readToml(`a = ${'['.repeat(200_000)}`)).toMatchObject({ ok: false });
  });
});

/** TOML with the line of every value, so that what is wrong with a team's rules is said where it stands. */
import { type AST, getStaticTOMLValue, ParseError, parseTOML } from 'toml-eslint-parser';

export type TomlPath = readonly (string | number)[];

export interface TomlDocument {
  readonly data: Readonly<Record<string, unknown>>;
  /** From 1: of the value at `path`, or of the closest table around it. */
  lineOf(path: TomlPath): number;
}

export type ReadToml =
  | { readonly ok: true; readonly document: TomlDocument }
  | { readonly ok: false; readonly line: number; readonly message: string };

export function readToml(text: string): ReadToml {
  try {
    const program = parseTOML(text);
    const lines = new Map<string, number>();
    for (const node of program.body[0].body) note(node, [], lines);
    const lineOf = (path: TomlPath): number => {
      for (let length = path.length; length > 0; length--) {
        const line = lines.get(JSON.stringify(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return 1;
    };
    return { ok: true, document: { data: getStaticTOMLValue(program), lineOf } };
  } catch (error) {
    if (error instanceof ParseError) return { ok: false, line: error.lineNumber, message: error.message };
    // The reader descends by recursion: brackets nested thousands deep exhaust the stack.
    if (error instanceof RangeError) return { ok: false, line: 1, message: 'nested too deeply' };
    throw error;
  }
}

function note(
  node: AST.TOMLTable | AST.TOMLKeyValue | AST.TOMLContentNode,
  parent: TomlPath,
  lines: Map<string, number>,
): void {
  const set = (path: TomlPath): void => {
    const key = JSON.stringify(path);
    if (!lines.has(key)) lines.set(key, node.loc.start.line);
  };
  switch (node.type) {
    case 'TOMLTable':
      set(node.resolvedKey);
      for (const pair of node.body) note(pair, node.resolvedKey, lines);
      return;
    case 'TOMLKeyValue': {
      const path = [...parent, ...getStaticTOMLValue(node.key)];
      set(path);
      note(node.value, path, lines);
      return;
    }
    case 'TOMLArray':
      node.elements.forEach((element, i) => {
        note(element, [...parent, i], lines);
      });
      return;
    case 'TOMLInlineTable':
      for (const pair of node.body) note(pair, parent, lines);
      return;
    case 'TOMLValue':
      set(parent);
  }
}

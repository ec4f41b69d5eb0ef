/** What is wrong with a policy document, said so that its author can mend it without asking. */

/** Steps from the document's root to a value: `['guardrails', 0, 'action']`. */
export type Path = readonly (string | number)[];

/** A problem that knows its place in the document, but not yet in the text. */
export interface Fault {
  readonly path: Path;
  /** True if the setting's name is wrong, not its value. */
  readonly atKey?: true;
  /** What is wrong. One sentence. */
  readonly message: string;
  /** What to do about it. One sentence. */
  readonly mend: string;
}

export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Dotted path: `guardrails[0].action`; empty for the document as a whole. */
  readonly field: string;
  readonly message: string;
  readonly mend: string;
}

/** Dotted form of a path: `guardrails[0].action`. */
export function fieldName(path: Path): string {
  let name = '';
  for (const step of path) {
    if (typeof step === 'number') name += `[${step}]`;
    else name += name === '' ? step : `.${step}`;
  }
  return name;
}

/** Text for a terminal: one paragraph per problem, `file:line:column` first, so that editors can jump to it. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ file, line, column, field, message, mend }) => {
      const place = field === '' ? '' : `${field}: `;
      return `${file}:${line}:${column}: ${place}${message}\n    ${mend}\n`;
    })
    .join('');
}

/** One thing that is wrong with a file, said so that the person who wrote it can mend it. */
export interface ConfigProblem {
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** Dotted path of the key: `upstream.proxy`. */
  readonly field: string | undefined;
  readonly message: string;
  readonly mend: string | undefined;
}

export type ConfigErrorCode = 'unreadable' | 'not-json' | 'invalid';

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigErrorCode;
  readonly problems: readonly ConfigProblem[];
  constructor(code: ConfigErrorCode, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(describeProblem).join('\n'), options);
    this.code = code;
    this.problems = problems;
  }
}

/** `file:line:column: field: message` on one line, as editors and CI link it. */
export function describeProblem({ file, line, column, field, message }: ConfigProblem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  return field ? `${place}: ${field}: ${message}` : `${place}: ${message}`;
}

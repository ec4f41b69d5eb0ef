import type { TomlDocument, TomlPath } from './toml.ts';

/** What is wrong, or worth knowing, and in which line of the file. */
export interface Remark {
  readonly line: number;
  readonly message: string;
}

/** Reads the settings of one table, in any case as gitleaks does, and remembers what was wrong with them. */
export class Fields {
  readonly #document: TomlDocument;
  readonly #table: Readonly<Record<string, unknown>>;
  readonly isTable: boolean;
  readonly path: TomlPath;
  readonly faults: Remark[];
  readonly #known = new Set<string>();

  constructor(document: TomlDocument, table: unknown, path: TomlPath, faults: Remark[]) {
    this.#document = document;
    this.isTable = isTable(table);
    this.#table = isTable(table) ? table : {};
    this.path = path;
    this.faults = faults;
    if (!this.isTable) this.fault(undefined, 'this should be a table');
  }

  fault(name: string | number | undefined, message: string): void {
    this.faults.push({ line: this.line(name), message });
  }

  /** Line of a setting; of the table itself without a name. */
  line(name?: string | number): number {
    if (name === undefined) return this.#document.lineOf(this.path);
    return this.#document.lineOf([...this.path, typeof name === 'string' ? (this.#key(name) ?? name) : name]);
  }

  #key(name: string): string | undefined {
    this.#known.add(name.toLowerCase());
    return Object.keys(this.#table).find((key) => key.toLowerCase() === name.toLowerCase());
  }

  #value(name: string): unknown {
    const key = this.#key(name);
    return key === undefined ? undefined : this.#table[key];
  }

  text(name: string): string | undefined {
    return this.#typed(name, 'text', (value): value is string => typeof value === 'string');
  }

  number(name: string): number | undefined {
    return this.#typed(name, 'a number', (value): value is number => typeof value === 'number');
  }

  flag(name: string): boolean {
    return (
      this.#typed(name, 'true or false', (value): value is boolean => typeof value === 'boolean') ?? false
    );
  }

  texts(name: string): readonly string[] {
    const isTexts = (value: unknown): value is string[] =>
      Array.isArray(value) && value.every((one) => typeof one === 'string');
    return this.#typed(name, 'a list of texts', isTexts) ?? [];
  }

  /** Line of one entry of a list. */
  lineOfEntry(name: string, index: number): number {
    return this.#document.lineOf([...this.path, this.#key(name) ?? name, index]);
  }

  #typed<T>(name: string, wanted: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.#value(name);
    if (value === undefined || is(value)) return value;
    this.fault(name, `"${name}" should be ${wanted}`);
    return undefined;
  }

  /** The table under `name`, or each table of the list there. */
  tables(name: string): readonly Fields[] {
    const key = this.#key(name);
    const value = this.#value(name);
    if (key === undefined || value === undefined) return [];
    const at = [...this.path, key];
    if (!Array.isArray(value)) return [new Fields(this.#document, value, at, this.faults)];
    return value.map((one, i) => new Fields(this.#document, one, [...at, i], this.faults));
  }

  /** Settings that nobody asked for so far. */
  unknown(): readonly string[] {
    return Object.keys(this.#table).filter((key) => !this.#known.has(key.toLowerCase()));
  }
}

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

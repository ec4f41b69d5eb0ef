/**
 * A team's own rules in gitleaks' TOML format, as rules of our engine. What the format says of files and commits has no
 * meaning for AI traffic and is ignored with a notice; what can't be understood is a fault with its line.
 */
import type { Confidence, Severity } from '../../../core/finding.ts';
import type { CodeUnits } from '../../engine/re2/code-units.ts';
import type { ForeignRule, FoundText, Rule } from '../../engine/rule.ts';
import { entropyBits } from '../checks.ts';
import { type Exceptions, readExceptions } from './exceptions.ts';
import { Fields, type Remark } from './fields.ts';
import { compileTeamExpression } from './team-expression.ts';
import { readToml } from './toml.ts';

export type AnyRule = Rule | ForeignRule;

export type TeamRules =
  | { readonly ok: true; readonly rules: readonly AnyRule[]; readonly notices: readonly Remark[] }
  | { readonly ok: false; readonly faults: readonly Remark[] };

const MAX_FILE_CHARACTERS = 2_000_000;
const MAX_RULES = 1000;
const MAX_KEYWORD_CHARACTERS = 100_000;
/** Above what is known by a name alone, below what a vendor's own format proves. */
const SPECIFICITY = 60;

/** `catalogue`: our own rules, for a file that extends them. */
export function readTeamRules(text: string, catalogue: readonly Rule[]): TeamRules {
  if (text.length > MAX_FILE_CHARACTERS) {
    return { ok: false, faults: [{ line: 1, message: 'this file is larger than 2 MB' }] };
  }
  const toml = readToml(text);
  if (!toml.ok) return { ok: false, faults: [{ line: toml.line, message: toml.message }] };
  const reader = new Reader(new Fields(toml.document, toml.document.data, [], []), catalogue);
  const rules = reader.read();
  const { faults, notices } = reader;
  return faults.length > 0 ? { ok: false, faults } : { ok: true, rules, notices };
}

class Reader {
  readonly notices: Remark[] = [];
  readonly #root: Fields;
  readonly #catalogue: readonly Rule[];
  readonly #ids = new Set<string>();
  /** Exceptions of rules that only extend one of ours. */
  readonly #added = new Map<string, Exceptions[]>();

  constructor(root: Fields, catalogue: readonly Rule[]) {
    this.#root = root;
    this.#catalogue = catalogue;
  }

  get faults(): Remark[] {
    return this.#root.faults;
  }

  read(): readonly AnyRule[] {
    const root = this.#root;
    for (const ignored of ['title', 'description', 'minVersion']) root.text(ignored);
    const inherited = this.#inherited();
    const globals = this.#exceptionsOf(root);
    const tables = root.tables('rules');
    if (tables.length > MAX_RULES) root.fault('rules', `${tables.length} rules are more than ${MAX_RULES}`);
    const own = tables.slice(0, MAX_RULES).flatMap((fields) => this.#rule(fields, globals, inherited) ?? []);
    this.#noteUnknown(root);
    if (own.length === 0 && inherited.length === 0 && this.faults.length === 0) {
      root.fault(undefined, 'no rule is left: write [[rules]], or [extend] with useDefault = true');
    }
    const characters = own.flatMap((rule) => rule.keywords).reduce((sum, keyword) => sum + keyword.length, 0);
    if (characters > MAX_KEYWORD_CHARACTERS) root.fault('rules', 'the rules have too many keywords');
    const replaced = new Set(own.map((rule) => rule.id));
    const kept = inherited
      .filter((rule) => !replaced.has(rule.id))
      .map((rule) =>
        withExceptions(rule, [...forRule(globals, rule.id), ...(this.#added.get(rule.id) ?? [])]),
      );
    return [...kept, ...own];
  }

  #inherited(): readonly Rule[] {
    const [extend] = this.#root.tables('extend');
    if (extend === undefined) return [];
    for (const other of ['path', 'url']) {
      if (extend.text(other) !== undefined) {
        extend.fault(other, 'other files are not read: put all rules into this one');
      }
    }
    const disabled = extend.texts('disabledRules');
    const known = new Set(this.#catalogue.map((rule) => rule.id));
    disabled.forEach((id, i) => {
      if (!known.has(id))
        this.#notice(extend.lineOfEntry('disabledRules', i), `there is no rule "${id}" to disable`);
    });
    const usesDefault = extend.flag('useDefault');
    this.#noteUnknown(extend);
    return usesDefault ? this.#catalogue.filter((rule) => !disabled.includes(rule.id)) : [];
  }

  #exceptionsOf(fields: Fields): Exceptions[] {
    return ['allowlist', 'allowlists']
      .flatMap((name) => fields.tables(name))
      .flatMap((one) => readExceptions(one, this.notices) ?? []);
  }

  #rule(fields: Fields, globals: readonly Exceptions[], inherited: readonly Rule[]): ForeignRule | undefined {
    if (!fields.isTable) return undefined;
    const id = fields.text('id');
    const description = fields.text('description');
    const regex = fields.text('regex');
    const path = fields.text('path');
    const secretGroup = fields.number('secretGroup') ?? 0;
    const entropy = fields.number('entropy') ?? 0;
    const keywords = fields.texts('keywords');
    const tags = fields.texts('tags');
    const exceptions = this.#exceptionsOf(fields);
    const isPartial = fields.tables('required').length > 0 || fields.flag('skipReport');
    this.#noteUnknown(fields);
    if (id === undefined) {
      fields.fault(undefined, 'a rule needs an id');
      return undefined;
    }
    const kind = kindOf(id);
    if (this.#ids.has(kind)) fields.fault('id', `there is another rule "${id}"`);
    this.#ids.add(kind);
    if (isPartial) {
      this.#notice(
        fields.line(),
        `rule "${id}" needs other rules around it, which isn't supported: it is left out`,
      );
      return undefined;
    }
    if (regex === undefined) {
      if (inherited.some((rule) => rule.id === id)) this.#added.set(id, exceptions);
      else if (path !== undefined) {
        this.#notice(
          fields.line('path'),
          `rule "${id}" knows files by their path, which AI traffic lacks: it is left out`,
        );
      } else fields.fault(undefined, `rule "${id}" has no regex`);
      return undefined;
    }
    if (path !== undefined) {
      this.#notice(fields.line('path'), `AI traffic has no paths: rule "${id}" looks everywhere`);
    }
    const compiled = compileTeamExpression(regex, secretGroup, keywords);
    if (!compiled.ok) {
      fields.fault(compiled.setting, `rule "${id}": ${compiled.message}`);
      return undefined;
    }
    const { expression, leadingRun, engine } = compiled.value;
    if (engine === 'window') {
      this.#notice(
        fields.line('regex'),
        `rule "${id}" has no fixed beginning: answers are held back by some 70 characters for it`,
      );
    }
    const rule: ForeignRule = {
      id: kind,
      label: labelOf(id, description),
      severity: tagged(tags, 'severity', ['low', 'medium', 'high', 'critical'] as const) ?? DEFAULTS.severity,
      confidence: tagged(tags, 'confidence', ['low', 'medium', 'high'] as const) ?? DEFAULTS.confidence,
      source: 'the team',
      keywords: compiled.value.keywords,
      expression,
      opensAnywhere: true,
      specificity: SPECIFICITY,
      judge(secret) {
        return entropy > 0 && entropyBits(secret) <= entropy ? undefined : rule.confidence;
      },
    };
    return withExceptions(rule, [...forRule(globals, id), ...exceptions], leadingRun);
  }

  #notice(line: number, message: string): void {
    this.notices.push({ line, message });
  }

  #noteUnknown(fields: Fields): void {
    for (const name of fields.unknown()) this.#notice(fields.line(name), `"${name}" means nothing here`);
  }
}

const DEFAULTS: { readonly severity: Severity; readonly confidence: Confidence } = {
  severity: 'high',
  confidence: 'medium',
};

const forRule = (exceptions: readonly Exceptions[], id: string): readonly Exceptions[] =>
  exceptions.filter(({ targetRules }) => targetRules.length === 0 || targetRules.includes(id));

/** Of what stands before a match, what a leading run of the expression would have taken in. */
function withRun(found: FoundText, run: CodeUnits): FoundText {
  let start = found.before.length;
  while (start > 0 && holds(run, found.before.charCodeAt(start - 1))) start--;
  return { ...found, matched: found.before.slice(start) + found.matched };
}

const holds = (set: CodeUnits, unit: number): boolean =>
  set.some(([low, high]) => unit >= low && unit <= high);

function withExceptions<T extends AnyRule>(rule: T, exceptions: readonly Exceptions[], run?: CodeUnits): T {
  if (exceptions.length === 0) return rule;
  return {
    ...rule,
    ...(exceptions.some((one) => one.byLine) ? { exceptsByLine: true as const } : {}),
    isExcepted(found: FoundText) {
      const whole = run === undefined ? found : withRun(found, run);
      return exceptions.some((one) => one.allow(whole));
    },
  };
}

/** Kinds are kebab-case, so that policies can name them. */
const kindOf = (id: string): string =>
  id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'rule';

const LONGEST_LABEL = 60;

/** The employee's words: a short description, or else the id's. */
function labelOf(id: string, description: string | undefined): string {
  const said = description?.trim().replace(/[.]$/, '') ?? '';
  if (said !== '' && said.length <= LONGEST_LABEL) return said;
  const words = kindOf(id).replaceAll('-', ' ');
  return (words[0] ?? '').toUpperCase() + words.slice(1);
}

/** `severity:critical` among the tags. */
function tagged<T extends string>(
  tags: readonly string[],
  name: string,
  choices: readonly T[],
): T | undefined {
  return choices.find((choice) =>
    tags.some((tag) => tag.toLowerCase().replaceAll(' ', '') === `${name}:${choice}`),
  );
}

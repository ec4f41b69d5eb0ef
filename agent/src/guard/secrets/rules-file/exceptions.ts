/** gitleaks' allow-lists (https://github.com/gitleaks/gitleaks#configuration): what is no finding although a rule matched. */
import { RE2JS } from 're2js';
import type { FoundText } from '../../engine/rule.ts';
import type { Fields, Remark } from './fields.ts';

export interface Exceptions {
  /** Only for these rules; empty: for all. */
  readonly targetRules: readonly string[];
  readonly byLine: boolean;
  allow(found: FoundText): boolean;
}

/** Longer ones are no exceptions that someone wrote, but an attack on the agent's time. */
const MAX_PROGRAM = 20_000;

export function readExceptions(fields: Fields, notices: Remark[]): Exceptions | undefined {
  fields.text('description');
  const condition = fields.text('condition')?.toUpperCase() ?? 'OR';
  if (!['OR', '||', 'AND', '&&'].includes(condition))
    fields.fault('condition', 'condition should be "OR" or "AND"');
  const needsAll = condition === 'AND' || condition === '&&';
  const target = fields.text('regexTarget')?.toLowerCase() ?? 'secret';
  if (!['secret', 'match', 'line'].includes(target)) {
    fields.fault('regexTarget', 'regexTarget should be "secret", "match" or "line"');
  }
  const targetRules = fields.texts('targetRules');
  const regexes = fields.texts('regexes').map((source, i) => compileOne(source, fields, i));
  const stopwords = fields.texts('stopwords').map((word) => word.toLowerCase());
  const elsewhere = ['paths', 'commits'].filter((name) => fields.texts(name).length > 0);
  for (const name of fields.unknown())
    notices.push({ line: fields.line(name), message: `"${name}" means nothing here` });

  if (regexes.length + stopwords.length + elsewhere.length === 0) {
    fields.fault(undefined, 'this allow-list has neither regexes nor stopwords nor paths nor commits');
    return undefined;
  }
  if (elsewhere.length > 0) {
    const effect = needsAll ? 'so this allow-list never applies' : 'so they are ignored';
    notices.push({
      line: fields.line(elsewhere[0]),
      message: `AI traffic has no ${elsewhere.join(' or ')}, ${effect}`,
    });
    if (needsAll || regexes.length + stopwords.length === 0) return undefined;
  }
  const subject = (found: FoundText): string =>
    target === 'line' ? found.line : target === 'match' ? found.matched : found.secret;
  return {
    targetRules,
    byLine: target === 'line' && regexes.length > 0,
    allow(found) {
      const byRegex = (): boolean => regexes.some((one) => one?.test(subject(found)) === true);
      const byWord = (): boolean => {
        const lower = found.secret.toLowerCase();
        return stopwords.some((word) => lower.includes(word));
      };
      const checks = [...(regexes.length > 0 ? [byRegex] : []), ...(stopwords.length > 0 ? [byWord] : [])];
      return needsAll ? checks.every((check) => check()) : checks.some((check) => check());
    },
  };
}

function compileOne(source: string, fields: Fields, index: number): RE2JS | undefined {
  try {
    const compiled = RE2JS.compile(source);
    if (compiled.programSize() <= MAX_PROGRAM) return compiled;
    fields.faults.push({
      line: fields.lineOfEntry('regexes', index),
      message: 'this expression is too large',
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    fields.faults.push({
      line: fields.lineOfEntry('regexes', index),
      message: `not an RE2 expression: ${reason}`,
    });
  }
  return undefined;
}

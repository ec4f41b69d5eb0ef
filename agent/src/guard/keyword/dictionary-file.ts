import { faultOfTerm } from './dictionary.ts';

interface Problem {
  readonly message: string;
  readonly mend: string;
}

export interface DictionaryFile {
  readonly terms: readonly string[];
  readonly problems: readonly Problem[];
}

/** More would only hide the first. */
const MAX_PROBLEMS = 10;

/** One term a line; empty lines and `#` comments don't count. `text` has been decoded; what that lost shows as U+FFFD. */
export function readDictionary(name: string, text: string, maxTerms: number): DictionaryFile {
  const terms: string[] = [];
  const problems: Problem[] = [];
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|[\r\n]/);
  for (const [index, line] of lines.entries()) {
    const place = `${name}, line ${index + 1}`;
    if (/[\0\ufffd]/.test(line)) {
      // The encoding is wrong: every other line would be a problem too.
      const message = `${place}: this isn't UTF-8 text.`;
      return {
        terms,
        problems: [...problems, { message, mend: 'Save the file as UTF-8 without NUL characters.' }],
      };
    }
    const term = line.trim();
    if (term === '' || term.startsWith('#')) continue;
    if (terms.length === maxTerms) {
      const message = `${place}: more than ${maxTerms} terms.`;
      return {
        terms,
        problems: [...problems, { message, mend: 'Remove those that matter least, or split the rule.' }],
      };
    }
    const fault = faultOfTerm(term);
    if (fault === undefined) terms.push(term);
    else if (problems.length < MAX_PROBLEMS) {
      problems.push({ message: `${place}: ${fault.message}`, mend: fault.mend });
    }
  }
  return { terms, problems };
}

/**
 * Headers that say whose a text is: notices that mark it as confidential, copyright lines, licence ids. Found anywhere,
 * since a file is often sent in part.
 */
import type { Detector, Match } from '../../core/finding.ts';
import { unionOf } from '../combine.ts';
import { createKeywordDetector } from '../keyword/detector.ts';
import { compileDictionary } from '../keyword/dictionary.ts';
import { compileExpression, type DescribedExpression } from '../pattern/compile.ts';
import { compilePatternSet, createPatternDetector } from '../pattern/detector.ts';
import { foldText } from '../text/fold.ts';

export interface MarkingOptions {
  /** Words of the team's own that mark a text as confidential. */
  readonly markings: readonly string[];
  /** Companies whose "all rights reserved" marks a text as confidential. */
  readonly owners: readonly string[];
  /** SPDX ids that are reported, `*` for any characters. */
  readonly licences: readonly string[];
  /** False: nobody asks for licence headers. */
  readonly headers?: boolean;
}

type Description = Pick<Match, 'kind' | 'label' | 'severity' | 'confidence'>;

const MARKED: Description = {
  kind: 'confidential-marking',
  label: 'confidentiality notice',
  severity: 'high',
  confidence: 'high',
};
const OWNED: Description = { ...MARKED, label: "company's copyright notice" };
const LICENCE: Description = {
  kind: 'licence-header',
  label: 'licence header',
  severity: 'low',
  confidence: 'high',
};
const COPYRIGHT: Description = { ...LICENCE, label: 'copyright notice', confidence: 'medium' };

/** Nobody writes these but to mark a document. */
const NOTICES = [
  'proprietary and confidential',
  'confidential and proprietary',
  'confidential & proprietary',
  'proprietary & confidential',
  'company confidential',
  'commercial in confidence',
  'commercial-in-confidence',
  'strictly confidential',
  'highly confidential',
  'top secret',
  'confidential - do not distribute',
  'do not distribute outside',
  'contains trade secrets of',
  'unpublished proprietary source code',
  'unauthorized copying of this file',
  'streng vertraulich',
  'strictement confidentiel',
  'estrictamente confidencial',
  'strengt fortrolig',
  '社外秘',
  '极机密',
];
/** They also stand in texts about such documents. */
const LIKELY_NOTICES = [
  'internal use only',
  'for internal use only',
  'not for distribution',
  'not for public release',
  'nur für den internen gebrauch',
  'usage interne uniquement',
  'kun til intern bruk',
];

/** Between the parts of a notice: a line break, with the sign of a comment. */
const BREAK = "(?:[ \\t]*\\r?\\n[ \\t]*(?://+|\\*|#+|--|;+|%+|')?[ \\t]*|[ \\t]+)";
const REST_OF_LINE = '[^\\n]{0,60}';

export function createMarkingDetector(id: string, options: MarkingOptions): Detector {
  const own = options.markings.length > 0 ? [terms(options.markings, MARKED)] : [];
  return unionOf(id, [
    terms(NOTICES, MARKED),
    terms(LIKELY_NOTICES, { ...MARKED, confidence: 'medium' }),
    ...own,
    ...(options.headers === false && options.owners.length === 0 ? [] : [expressions(options)]),
  ]);
}

/**
 * Most texts hold no notice. Where all is ASCII a word has one spelling, so that a text without a notice's words is told
 * apart for a fraction of the cost; others are read as the keyword detector reads them.
 */
function terms(list: readonly string[], description: Description): Detector {
  const detector = createKeywordDetector('markings', compileDictionary(list, 'case'), description);
  const wordsOfTerms = list.map((term) => foldText(term, 'case').split(/[^\p{L}\p{N}]+/u));
  const canHold = (text: string): boolean => {
    if (NOT_ASCII.test(text)) return true;
    const lower = text.toLowerCase();
    return wordsOfTerms.some((words) => words.every((word) => lower.includes(word)));
  };
  return {
    id: detector.id,
    scan: (text) => (canHold(text) ? detector.scan(text) : []),
    openStream: () => detector.openStream(),
  };
}

const NOT_ASCII = /[\u0080-\uffff]/;

function expressions({ owners, licences }: MarkingOptions): Detector {
  const reserved = (name: string) => `(?i)copyright${name}(?:${BREAK})?all rights reserved`;
  const owned = owners.map((owner) =>
    described(reserved(`${REST_OF_LINE}\\b${quoted(owner)}\\b${REST_OF_LINE}`), OWNED),
  );
  return createPatternDetector(
    'headers',
    compilePatternSet([
      ...owned,
      described(reserved(REST_OF_LINE), COPYRIGHT),
      ...licences.map((licence) =>
        described(
          `(?i)SPDX-License-Identifier:[ \\t]*(?:[^\\n]{0,60}[ (])?${licence.split('*').map(quoted).join('[\\w.+-]{0,40}')}(?:[^\\w.+-]|$)`,
          LICENCE,
        ),
      ),
    ]),
  );
}

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Built from checked parts: what can't be compiled here is a mistake of ours. */
function described(source: string, description: Description): DescribedExpression {
  const compiled = compileExpression(source);
  if (!compiled.ok) throw new Error(`${source}: ${compiled.message}`);
  return { ...description, expression: compiled.expression };
}

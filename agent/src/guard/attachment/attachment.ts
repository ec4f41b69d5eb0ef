import type { FileKind, OpeningProblem } from '../../core/attachment.ts';
import type { Part } from '../../core/exchange.ts';
import type { PlacedMatch, RequestDetector, RequestSubject, Severity } from '../../core/finding.ts';
import { inWords } from '../size/size.ts';
import { declaredKind, mismatches } from './declared.ts';

type RuleKind = FileKind | 'remote';

export interface AttachmentOptions {
  /** Undefined: all. */
  readonly files: ReadonlySet<RuleKind> | undefined;
  readonly maxFiles: number | undefined;
  readonly maxFileBytes: number | undefined;
  readonly maxTotalBytes: number | undefined;
}

/** Says which files are attached, by what opening them has shown; or, with limits, which limits they pass. */
export function createAttachmentDetector(id: string, options: AttachmentOptions): RequestDetector {
  const { maxFiles, maxFileBytes, maxTotalBytes } = options;
  const limited = maxFiles !== undefined || maxFileBytes !== undefined || maxTotalBytes !== undefined;
  return {
    id,
    scope: 'request',
    inspect: ({ exchange }: RequestSubject) => {
      const files = exchange.parts.filter(isFile);
      return limited ? passedLimits(options, files) : files.flatMap((part) => found(options, part));
    },
  };
}

/** Attachments, and what was inside them or within a text; another spelling of one's text is no second file. */
const isFile = ({ kind, file, spells }: Part): boolean =>
  file !== undefined || (spells === undefined && (kind === 'file' || kind === 'image' || kind === 'audio'));

/** What was never opened is known by what it is called; a bare URL or id tells nothing. */
function kindOf(part: Part): RuleKind {
  if (part.file !== undefined) return part.file.kind;
  if (part.bytes === undefined) return 'remote';
  return declaredKind(part.mediaType, part.fileName) ?? (part.text === undefined ? 'other' : 'text');
}

function found({ files }: AttachmentOptions, part: Part): PlacedMatch[] {
  const kind = kindOf(part);
  const concerns = (one: RuleKind): boolean => files === undefined || files.has(one);
  const matches: PlacedMatch[] = [];
  if (concerns(kind)) matches.push(match(part, kind, LABELS[kind], 'low'));
  const problem = part.file?.problem;
  // An archive that can't be opened may hold anything.
  if (problem !== undefined && (concerns(kind) || kind === 'archive' || kind === 'other'))
    matches.push(match(part, problem, PROBLEMS[problem], 'high'));
  const declared = declaredKind(part.mediaType, part.fileName);
  if (part.file !== undefined && part.within === undefined && mismatches(part, part.file.kind)) {
    if (concerns(kind) || (declared !== undefined && concerns(declared)))
      matches.push(match(part, 'mismatched-attachment', 'file that is not what it is said to be', 'medium'));
  }
  return matches;
}

/** Limits count what is attached, not what is inside it. */
function passedLimits(options: AttachmentOptions, parts: readonly Part[]): PlacedMatch[] {
  const { files, maxFiles, maxFileBytes, maxTotalBytes } = options;
  const counted = parts.filter(
    (part) => part.within === undefined && (files === undefined || files.has(kindOf(part))),
  );
  const [last] = counted.slice(-1);
  if (last === undefined) return [];
  const matches: PlacedMatch[] = [];
  if (maxFiles !== undefined && counted.length > maxFiles)
    matches.push(match(last, 'too-many-files', `set of more than ${maxFiles} files`, 'medium'));
  if (maxFileBytes !== undefined) {
    for (const part of counted)
      if ((part.bytes ?? 0) > maxFileBytes)
        matches.push(match(part, 'file-too-large', `file larger than ${inWords(maxFileBytes)}`, 'medium'));
  }
  const total = counted.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  if (maxTotalBytes !== undefined && total > maxTotalBytes)
    matches.push(
      match(last, 'files-too-large', `set of files larger than ${inWords(maxTotalBytes)}`, 'medium'),
    );
  return matches;
}

const match = (part: Part, kind: string, label: string, severity: Severity): PlacedMatch => ({
  kind,
  label,
  severity,
  confidence: 'high',
  start: 0,
  end: 0,
  place: part.pointer,
  partKind: part.kind,
  role: part.role,
});

const LABELS: Readonly<Record<RuleKind, string>> = {
  archive: 'archive',
  executable: 'program',
  office: 'office document',
  pdf: 'PDF document',
  email: 'e-mail message',
  notebook: 'notebook',
  image: 'image',
  audio: 'recording',
  video: 'video',
  database: 'database',
  'key-store': 'key file',
  font: 'font',
  text: 'text file',
  other: 'file of unknown kind',
  remote: 'link to a file',
};

const PROBLEMS: Readonly<Record<OpeningProblem, string>> = {
  'archive-bomb': 'archive that unpacks without end',
  'encrypted-archive': 'encrypted file',
  'unreadable-attachment': "file that can't be opened",
};

/** Opens what is attached to a request, then searches all of it; a promise only if something has to be waited for. */
import type { AttachmentOpener, OpenedAttachment, OpeningProblem } from '../core/attachment.ts';
import type { ExchangeRequest, Part } from '../core/exchange.ts';
import { isRequestDetector, type RequestSubject } from '../core/finding.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { DetectorFailure } from '../decide/evaluation.ts';
import { findEmbedded, MIN_RUN_CHARS } from '../recognise/embedded.ts';
import { spelledBeside } from '../recognise/parts.ts';
import { type Scanned, type ScanTools, scanRequest } from './scan-parts.ts';

export interface Searched extends Scanned {
  /** With what was inside its attachments as parts of their own. */
  readonly exchange: ExchangeRequest;
}

export interface SearchPorts extends ScanTools {
  /** Absent: attachments stay closed. */
  readonly attachments?: AttachmentOpener | undefined;
}

export function searchRequest(
  ports: SearchPorts,
  policy: CompiledPolicy,
  subject: RequestSubject,
): Searched | Promise<Searched> {
  const { attachments } = ports;
  const search = (exchange: ExchangeRequest): Searched | Promise<Searched> => {
    const scanned = scanRequest(policy, { ...subject, exchange }, ports);
    const finish = (found: Scanned): Searched => ({
      ...found,
      exchange,
      failures: [...found.failures, ...unopened(policy, exchange)],
    });
    return scanned instanceof Promise ? scanned.then(finish) : finish(scanned);
  };
  if (policy.scan.request.reach === 'none') return search(withoutContents(subject.exchange));
  const opened =
    attachments === undefined ? asPlainText(subject.exchange) : openAll(attachments, subject.exchange);
  return opened instanceof Promise ? opened.then(search) : search(opened);
}

/** The same without the attachments' bytes: what is kept until the answer has ended must not hold them. */
export function withoutContents(exchange: ExchangeRequest): ExchangeRequest {
  if (!exchange.parts.some(({ content }) => content !== undefined)) return exchange;
  return { ...exchange, parts: exchange.parts.map(withoutContent) };
}

/** Where nobody opens files, uploads are searched as the text that they may be. */
function asPlainText(exchange: ExchangeRequest): ExchangeRequest {
  const parts = exchange.parts.flatMap((part): readonly Part[] => {
    const { content, text } = part;
    if (content?.form !== 'bytes' || text !== undefined) return [withoutContent(part)];
    const { buffer, byteOffset, byteLength } = content.bytes;
    const read = Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
    return withSpelled({ ...withoutContent(part), text: read });
  });
  return { ...exchange, parts };
}

/** Texts that only opening shows have their escapes undone here; the dialects have done it for those they saw. */
const withSpelled = (part: Part): readonly Part[] => {
  const spelled = spelledBeside(part);
  return spelled === undefined ? [part] : [part, spelled];
};

const withoutContent = (part: Part): Part => {
  if (part.content === undefined) return part;
  const { content: _content, ...rest } = part;
  return rest;
};

function openAll(
  opener: AttachmentOpener,
  exchange: ExchangeRequest,
): ExchangeRequest | Promise<ExchangeRequest> {
  const opened: (readonly Part[] | Promise<readonly Part[]>)[] = [];
  let some = false;
  let waits = false;
  for (const part of exchange.parts) {
    const parts = openPart(opener, part);
    some ||= parts !== undefined;
    waits ||= parts instanceof Promise;
    opened.push(parts ?? [part]);
  }
  if (!some) return exchange;
  if (!waits) return { ...exchange, parts: (opened as (readonly Part[])[]).flat() };
  return Promise.all(opened).then((parts) => ({ ...exchange, parts: parts.flat() }));
}

/** The part and what is in it; undefined if there is nothing to open. */
function openPart(
  opener: AttachmentOpener,
  part: Part,
): readonly Part[] | Promise<readonly Part[]> | undefined {
  if (part.content !== undefined) {
    const opened = opener.open(part.content);
    return opened instanceof Promise
      ? opened.then((files) => attachmentParts(part, files))
      : attachmentParts(part, opened);
  }
  if (part.text === undefined || part.text.length < MIN_RUN_CHARS) return undefined;
  const found = findEmbedded(part.text);
  if (found.length === 0) return undefined;
  const files = found.map((content) => opener.open(content));
  return Promise.all(files).then((all) => [
    part,
    ...all.flatMap((one, index) => derivedParts(part, one, `#${index + 1}`, true)),
  ]);
}

function attachmentParts(part: Part, files: OpenedAttachment): readonly Part[] {
  const [{ text, name: _name, ...file }] = files;
  const whole: Part = { ...withoutContent(part), bytes: file.bytes, file };
  // What a dialect has decoded as text, by what the caller calls it, may be something else.
  const own = text === '' || text === part.text ? [whole] : withSpelled({ ...whole, text });
  return [...own, ...derivedParts(part, files, '#', false)];
}

/**
 * Files within a file, and files within a text. Their places are the part's with a mark and a number: no string of
 * the body has such a pointer, so that nobody takes the part's own text for theirs.
 */
function derivedParts(
  part: Part,
  files: OpenedAttachment,
  mark: string,
  withFirst: boolean,
): readonly Part[] {
  const parts: Part[] = [];
  for (const [index, { text, name, ...file }] of files.entries()) {
    if (index === 0 && !withFirst) continue;
    const derived: Part = {
      kind: part.kind === 'tool-result' ? 'tool-result' : 'file',
      role: part.role,
      pointer: `${part.pointer}${mark}${withFirst ? `.${index}` : index}`,
      text: text === '' ? undefined : text,
      editable: false,
      mediaType: file.mediaType,
      ...(name !== undefined && { fileName: name }),
      ...(part.toolName !== undefined && { toolName: part.toolName }),
      bytes: file.bytes,
      file,
      within: part.pointer,
    };
    parts.push(...withSpelled(derived));
  }
  return parts;
}

const WHY: Readonly<Record<OpeningProblem, string>> = {
  'archive-bomb': "won't unpack an attachment that grows beyond every limit",
  'encrypted-archive': 'has no password for an encrypted attachment',
  'unreadable-attachment': "can't open an attachment",
};

/** What couldn't be opened couldn't be searched: each detector of texts has failed there, and its rules say what then. */
function unopened({ scan, detectors }: CompiledPolicy, { parts }: ExchangeRequest): DetectorFailure[] {
  const failures: DetectorFailure[] = [];
  for (const { file, kind, role } of parts) {
    const problem = file?.problem;
    if (problem === undefined) continue;
    for (const key of scan.request.detectors) {
      const detector = detectors.byKey[key];
      if (detector === undefined || isRequestDetector(detector) || !scan.request.wants(key, kind, role))
        continue;
      const why = WHY[problem];
      if (!failures.some((one) => one.detector === key && one.why === why))
        failures.push({ detector: key, why });
    }
  }
  return failures;
}

import type { ExchangeRequest, Part } from '../core/exchange.ts';
import {
  type Detector,
  DetectorError,
  type Finding,
  isRequestDetector,
  type Match,
  type PlacedMatch,
  type RequestDetector,
  type RequestSubject,
} from '../core/finding.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { DetectorFailure } from '../decide/evaluation.ts';
import type { ScanPlan } from '../decide/scan-plan.ts';

export interface Scanned {
  readonly findings: readonly Finding[];
  readonly failures: readonly DetectorFailure[];
  /** What services say that nobody has to wait for: their rules stop and change nothing. Never rejects. */
  readonly late?: Promise<Scanned>;
}

export interface ScanTools {
  /** Matches in a complete text; may remember texts it has seen. */
  scan(detector: Detector, text: string): readonly Match[];
  /** Lets the event loop serve other connections. */
  pause?(): Promise<void>;
}

/** Characters searched between two pauses: a few milliseconds. */
export const SLICE_CHARS = 256 * 1024;
/** Smaller requests are searched in one go. */
const LARGE_CHARS = 1024 * 1024;

const NOTHING: Scanned = { findings: [], failures: [] };

/**
 * Runs the detectors that the policy asks for over the parts it asks about. A promise only if one of them asks
 * another service. A detector that throws is a failure, not an end.
 */
export function scanRequest(
  { scan: plan, detectors }: Pick<CompiledPolicy, 'scan' | 'detectors'>,
  subject: RequestSubject,
  { scan, pause }: ScanTools,
): Scanned | Promise<Scanned> {
  if (plan.request.reach === 'none') return NOTHING;
  const findings: Finding[] = [];
  const failures: DetectorFailure[] = [];
  const waiting: Promise<void>[] = [];
  const late = { findings: [] as Finding[], failures: [] as DetectorFailure[] };
  const beside: Promise<void>[] = [];
  for (const key of plan.request.detectors) {
    const detector = detectors.byKey[key];
    const failed = (error: unknown): void => void failures.push({ detector: key, why: whyOf(error) });
    if (detector === undefined) {
      failures.push({ detector: key, why: 'is not part of this agent' });
      continue;
    }
    try {
      const found = isRequestDetector(detector)
        ? inspectRequest(key, detector, subject)
        : pause !== undefined && isLarge(subject.exchange)
          ? scanInSlices(key, detector, plan.request, subject.exchange, { scan, pause })
          : scanTexts(key, detector, plan.request, subject.exchange, scan);
      if (found instanceof Promise && isRequestDetector(detector) && !plan.request.enforces(key)) {
        const failedLate = (error: unknown): void =>
          void late.failures.push({ detector: key, why: whyOf(error) });
        beside.push(found.then((all) => void late.findings.push(...all), failedLate));
      } else if (found instanceof Promise)
        waiting.push(found.then((all) => void findings.push(...all), failed));
      else for (const finding of found) findings.push(finding);
    } catch (error) {
      failed(error);
    }
  }
  const scanned: Scanned =
    beside.length === 0
      ? { findings, failures }
      : { findings, failures, late: Promise.all(beside).then(() => late) };
  return waiting.length === 0 ? scanned : Promise.all(waiting).then(() => scanned);
}

function scanTexts(
  key: string,
  detector: Detector,
  plan: ScanPlan,
  { parts }: ExchangeRequest,
  scan: ScanTools['scan'],
): readonly Finding[] {
  const placing = new Placing(key, parts);
  for (const part of parts) {
    if (part.text === undefined || !plan.wants(key, part.kind, part.role)) continue;
    placing.add(scan(detector, part.text), part);
  }
  return placing.findings;
}

/** The same with pauses; texts too long for one slice are searched as a stream. */
async function scanInSlices(
  key: string,
  detector: Detector,
  plan: ScanPlan,
  { parts }: ExchangeRequest,
  { scan, pause }: Required<ScanTools>,
): Promise<readonly Finding[]> {
  const placing = new Placing(key, parts);
  let searched = 0;
  for (const part of parts) {
    if (part.text === undefined || !plan.wants(key, part.kind, part.role)) continue;
    const long = part.text.length > SLICE_CHARS;
    placing.add(long ? await scanLong(detector, part.text, pause) : scan(detector, part.text), part);
    searched += long ? 0 : part.text.length + PART_COST_CHARS;
    if (searched < SLICE_CHARS) continue;
    searched = 0;
    await pause();
  }
  return placing.findings;
}

/** A text costs this much however short it is. */
const PART_COST_CHARS = 64;

async function scanLong(
  detector: Detector,
  text: string,
  pause: Required<ScanTools>['pause'],
): Promise<readonly Match[]> {
  const stream = detector.openStream();
  const matches: Match[] = [];
  for (let at = 0; at < text.length; at += SLICE_CHARS) {
    for (const match of stream.push(text.slice(at, at + SLICE_CHARS)).matches) matches.push(match);
    await pause();
  }
  for (const match of stream.end().matches) matches.push(match);
  return matches.sort((a, b) => a.start - b.start);
}

function isLarge({ parts }: ExchangeRequest): boolean {
  let chars = 0;
  for (const { text } of parts) chars += text === undefined ? 0 : text.length + PART_COST_CHARS;
  return chars > LARGE_CHARS;
}

/** Gathers one detector's matches as findings. What a text shows as it stands isn't told again of its other spelling. */
class Placing {
  readonly findings: Finding[] = [];
  readonly #key: string;
  /** Texts that another part spells out. */
  readonly #spelled: ReadonlySet<string>;
  /** What such a text shows as it stands. */
  readonly #seen = new Map<string, ReadonlySet<string>>();

  constructor(key: string, parts: readonly Part[]) {
    this.#key = key;
    this.#spelled = new Set(parts.flatMap(({ spells }) => spells ?? []));
  }

  add(matches: readonly Match[], part: Part): void {
    const { text = '', spells } = part;
    if (matches.length > 0 && this.#spelled.has(text))
      this.#seen.set(text, new Set(matches.map((match) => wordsOf(match, text))));
    const seen = spells === undefined ? undefined : this.#seen.get(spells);
    for (const match of matches) {
      if (seen?.has(wordsOf(match, text))) continue;
      this.findings.push({
        ...match,
        detector: this.#key,
        direction: 'request',
        place: part.pointer,
        partKind: part.kind,
        role: part.role,
      });
    }
  }
}

const wordsOf = ({ kind, start, end }: Match, text: string): string => `${kind} ${text.slice(start, end)}`;

function inspectRequest(
  key: string,
  detector: RequestDetector,
  subject: RequestSubject,
): readonly Finding[] | Promise<readonly Finding[]> {
  const toFindings = (matches: readonly PlacedMatch[]): readonly Finding[] =>
    matches.map((match) => ({ ...match, detector: key, direction: 'request' }));
  const matches = detector.inspect(subject);
  return matches instanceof Promise ? matches.then(toFindings) : toFindings(matches);
}

/** In words that go after "its detector". Another error's text may quote what it choked on, so only its name is told. */
export const whyOf = (error: unknown): string =>
  error instanceof DetectorError
    ? error.message
    : `threw ${error instanceof Error ? error.name : 'something'}`;

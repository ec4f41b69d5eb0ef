import type { ExchangeRequest } from '../core/exchange.ts';
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

/** Matches in a complete text; may remember texts it has seen. */
export type ScanText = (detector: Detector, text: string) => readonly Match[];

const NOTHING: Scanned = { findings: [], failures: [] };

/**
 * Runs the detectors that the policy asks for over the parts it asks about. A promise only if one of them asks
 * another service. A detector that throws is a failure, not an end.
 */
export function scanRequest(
  { scan: plan, detectors }: Pick<CompiledPolicy, 'scan' | 'detectors'>,
  subject: RequestSubject,
  scan: ScanText,
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
        : scanTexts(key, detector, plan.request, subject.exchange, scan);
      if (found instanceof Promise && !plan.request.enforces(key)) {
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
  scan: ScanText,
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { text, kind, pointer, role } of parts) {
    if (text === undefined || !plan.wants(key, kind)) continue;
    for (const match of scan(detector, text)) {
      findings.push({
        ...match,
        detector: key,
        direction: 'request',
        place: pointer,
        partKind: kind,
        role,
      });
    }
  }
  return findings;
}

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

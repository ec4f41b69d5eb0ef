import type { ExchangeRequest } from '../core/exchange.ts';
import type { Finding } from '../core/finding.ts';
import type { DetectorFailure } from '../decide/evaluation.ts';
import type { ScanPlan } from '../decide/scan-plan.ts';
import type { JourneyPorts } from './ports.ts';

export interface Scanned {
  readonly findings: readonly Finding[];
  readonly failures: readonly DetectorFailure[];
}

const NOTHING: Scanned = { findings: [], failures: [] };

/** Runs the detectors that the policy asks for over the parts it asks about. A detector that throws is a failure, not an end. */
export function scanParts(
  ports: Pick<JourneyPorts, 'detectors' | 'scan'>,
  plan: ScanPlan,
  exchange: ExchangeRequest,
): Scanned {
  if (plan.reach === 'none') return NOTHING;
  const findings: Finding[] = [];
  const failures: DetectorFailure[] = [];
  for (const id of plan.detectors) {
    const detector = ports.detectors[id];
    if (detector === undefined) {
      failures.push({ detector: id, why: 'is not part of this agent' });
      continue;
    }
    try {
      for (const part of exchange.parts) {
        if (part.text === undefined || !plan.wants(part.kind)) continue;
        for (const match of ports.scan(detector, part.text)) {
          findings.push({
            ...match,
            detector: id,
            direction: 'request',
            place: part.pointer,
            partKind: part.kind,
            role: part.role,
          });
        }
      }
    } catch (error) {
      failures.push({ detector: id, why: `threw ${error instanceof Error ? error.name : 'something'}` });
    }
  }
  return { findings, failures };
}

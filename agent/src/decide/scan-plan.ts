import type { PartKind, Role } from '../core/exchange.ts';
import type { CompiledGuardrail } from './rules.ts';

/** What of one direction has to be searched, and how much that may change. */
export interface ScanPlan {
  /** Keys of the detectors to run; empty: nothing needs to be searched. */
  readonly detectors: readonly string[];
  /** True if some rule of this detector looks at parts of this kind and role; answers have no role. */
  wants(detectorKey: string, kind: PartKind | 'refusal', role?: Role): boolean;
  /** True if some rule of this detector may change or stop something; one that doesn't needn't be waited for. */
  enforces(detectorKey: string): boolean;
  /**
   * `none`: no rule. `observe`: findings are recorded, bytes can pass at once (tap). `enforce`: a finding may change
   * or stop the call, so text must wait for its verdict (gate).
   */
  readonly reach: 'none' | 'observe' | 'enforce';
}

type Place = CompiledGuardrail['rule']['on'][number];
type Direction = 'request' | 'response';

/** Places that mean only some kinds of part; `request` and `response` mean all. */
const KINDS: Partial<Record<Place, readonly PartKind[]>> = {
  'tool-result': ['tool-result'],
  'tool-call': ['tool-call'],
  attachment: ['file', 'image', 'audio'],
};

export function compileScanPlans(
  shadow: boolean,
  guardrails: readonly CompiledGuardrail[],
): { readonly request: ScanPlan; readonly response: ScanPlan } {
  return {
    request: planFor(
      shadow,
      guardrails.filter(({ request }) => request),
      'request',
    ),
    response: planFor(
      shadow,
      guardrails.filter(({ response }) => response),
      'response',
    ),
  };
}

function planFor(shadow: boolean, guardrails: readonly CompiledGuardrail[], direction: Direction): ScanPlan {
  const byDetector = Map.groupBy(guardrails, ({ detectorKey }) => detectorKey);
  const wanted = new Map(
    [...byDetector].map(([key, users]) => [key, users.map(({ rule }) => wantsOf(rule, direction))]),
  );
  const enforcing = new Set(
    guardrails
      .filter(({ rule }) => !shadow && !rule.shadow && canEnforce(rule))
      .map(({ detectorKey }) => detectorKey),
  );
  return {
    detectors: [...byDetector.keys()],
    wants: (detectorKey, kind, role) =>
      wanted
        .get(detectorKey)
        ?.some(
          ({ kinds, roles }) =>
            (kinds === undefined || kinds.has(kind)) &&
            (roles === undefined || role === undefined || roles.includes(role)),
        ) === true,
    enforces: (detectorKey) => enforcing.has(detectorKey),
    reach: guardrails.length === 0 ? 'none' : enforcing.size > 0 ? 'enforce' : 'observe',
  };
}

interface Wants {
  /** Undefined: all of them. */
  readonly kinds: ReadonlySet<string> | undefined;
  readonly roles: readonly Role[] | undefined;
}

function wantsOf({ on, roles }: CompiledGuardrail['rule'], direction: Direction): Wants {
  const kinds = on.includes(direction) ? undefined : new Set(on.flatMap((place) => KINDS[place] ?? []));
  return { kinds, roles };
}

const canEnforce = ({ action, onFailure }: CompiledGuardrail['rule']) =>
  action === 'block' || action === 'redact' || action === 'justify' || onFailure === 'block';

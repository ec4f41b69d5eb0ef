import { nearest } from '../../../policies/schema/nearest.ts';
import type { Fault } from '../../../policies/schema/problem.ts';

/** `us-*` matches `us-ssn`; `*` is the only special character. */
export function kindPattern(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

/** A kind that the detector never finds would make a guardrail that never acts. */
export function unknownKinds(wanted: readonly string[] | undefined, known: readonly string[]): Fault[] {
  return (wanted ?? []).flatMap((glob, index) => {
    const pattern = kindPattern(glob);
    if (known.some((kind) => pattern.test(kind))) return [];
    const guess = nearest(glob, known);
    return [
      {
        path: ['kinds', index],
        message: `This detector finds nothing of the kind "${glob}".`,
        mend: guess === undefined ? `Use some of: ${known.join(', ')}.` : `Did you mean "${guess}"?`,
      },
    ];
  });
}

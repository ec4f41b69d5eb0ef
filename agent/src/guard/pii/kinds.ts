/** Every kind of personal data that the agent knows. Names and postal addresses aren't among them: no check tells them from other words. */

import { kindPattern } from '../kinds.ts';
import { birthDate } from './birth-date.ts';
import type { Reading } from './candidate.ts';
import { cards } from './cards.ts';
import { readingOf } from './id-reading.ts';
import type { IdRule, NationalId } from './id-rule.ts';
import { americas } from './ids/americas.ts';
import { asiaPacificAfrica } from './ids/asia-pacific-africa.ts';
import { easternEurope } from './ids/eastern-europe.ts';
import { northernEurope } from './ids/northern-europe.ts';
import { passport } from './ids/passport.ts';
import { southernEurope } from './ids/southern-europe.ts';
import { westernEurope } from './ids/western-europe.ts';
import { ipv4 } from './ip-address.ts';
import { northAmerican } from './phone.ts';
import type { Search } from './pii-walk.ts';
import { buildShapeTrie } from './shapes.ts';

export const nationalIds: readonly NationalId[] = [
  ...americas,
  ...westernEurope,
  ...northernEurope,
  ...southernEurope,
  ...easternEurope,
  ...asiaPacificAfrica,
];

const OTHER_IDS: readonly IdRule[] = [cards, passport];
const OTHER_READINGS: readonly Reading[] = [birthDate, ipv4, northAmerican];
const OTHER_KINDS = ['iban', 'email-address'];

/** Kinds that a policy may name. */
export const piiKinds: readonly string[] = [
  ...new Set([...[...OTHER_IDS, ...OTHER_READINGS, ...nationalIds].map(({ kind }) => kind), ...OTHER_KINDS]),
].sort();

export interface PiiOptions {
  /** Countries whose national ids are sought; all if absent. */
  readonly countries?: readonly string[] | undefined;
  /** Globs over kinds; all if absent. */
  readonly kinds?: readonly string[] | undefined;
  readonly companyDomains?: readonly string[] | undefined;
}

export function chooseSearch({ countries, kinds, companyDomains = [] }: PiiOptions): Search {
  const patterns = kinds?.map(kindPattern);
  const isWanted = (kind: string) => patterns === undefined || patterns.some((one) => one.test(kind));
  const ids = nationalIds.filter(({ country }) => countries === undefined || countries.includes(country));
  const readings = [...[...OTHER_IDS, ...ids].map(readingOf), ...OTHER_READINGS].filter(({ kind }) =>
    isWanted(kind),
  );
  return {
    shapes: buildShapeTrie(readings.map((rule) => ({ shapes: rule.shapes, rule }))),
    iban: isWanted('iban'),
    phone: isWanted(northAmerican.kind),
    ipAddress: isWanted(ipv4.kind),
    birthDate: isWanted(birthDate.kind),
    email: isWanted('email-address')
      ? { companyDomains: companyDomains.map((domain) => domain.toLowerCase()) }
      : undefined,
  };
}

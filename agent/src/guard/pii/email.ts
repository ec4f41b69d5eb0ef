/** E-mail addresses of people. Not those that nobody reads, that stand for others, or that a version history is made of. */
import type { Confidence } from '../../core/finding.ts';

/** RFC 5321 section 4.5.3.1.1. */
export const MAX_LOCAL_PART = 64;
const MAX_DOMAIN = 128;
/** How far before an address its line is looked at. */
export const LINE_CHARACTERS = 96;

export interface EmailOptions {
  /** Addresses in these domains and below are the company's own: no finding. */
  readonly companyDomains: readonly string[];
}

export interface EmailHit {
  readonly start: number;
  readonly end: number;
  readonly confidence: Confidence;
}

const isLocalUnit = (unit: number): boolean =>
  (unit >= 0x61 && unit <= 0x7a) ||
  (unit >= 0x41 && unit <= 0x5a) ||
  (unit >= 0x30 && unit <= 0x39) ||
  unit === 0x2e ||
  unit === 0x2d ||
  unit === 0x5f ||
  unit === 0x2b ||
  unit === 0x25;

const isDomainUnit = (unit: number): boolean =>
  unit !== 0x5f && unit !== 0x2b && unit !== 0x25 && isLocalUnit(unit);

/** Where the local part that ends before `end` starts, not before `floor`; `end` if there is none or it is too long. */
export function localPartStart(text: string, end: number, floor: number): number {
  let start = end;
  while (start > floor && end - start <= MAX_LOCAL_PART && isLocalUnit(text.charCodeAt(start - 1))) start--;
  return end - start > MAX_LOCAL_PART ? end : start;
}

/** `at` is the `@`. */
export function readEmail(
  text: string,
  at: number,
  floor: number,
  isEnd: boolean,
  { companyDomains }: EmailOptions,
): EmailHit | 'more' | undefined {
  let start = localPartStart(text, at, floor);
  if (start === at) return undefined;
  let end = at + 1;
  while (end < text.length && end - at <= MAX_DOMAIN && isDomainUnit(text.charCodeAt(end))) end++;
  if (end >= text.length && !isEnd && end - at <= MAX_DOMAIN) return 'more';
  if (end - at > MAX_DOMAIN || text[end] === '@' || text[end] === '_') return undefined;
  // `\n` of JSON in JSON is no part of the address that follows it.
  if (text[start - 1] === '\\' && /[nrt]/.test(text[start] as string)) start++;
  while (start < at && /[.\-+%]/.test(text[start] as string)) start++;
  const local = text.slice(start, at);
  const domain = text
    .slice(at + 1, end)
    .replace(/[.-]{1,128}$/, '')
    .toLowerCase();
  if (!/^\w/.test(local) || local.includes('..') || local.endsWith('.')) return undefined;
  if (!isPublicDomain(domain) || isPlaceholder(local.toLowerCase(), domain)) return undefined;
  if (companyDomains.some((one) => domain === one || domain.endsWith(`.${one}`))) return undefined;
  if (isElsewhere(text, start)) return undefined;
  return { start, end: at + 1 + domain.length, confidence: ROLE.test(local) ? 'low' : 'high' };
}

/** Top-level domains in use for mail, beyond the two letters of countries; brands and rarities aside. */
const GENERIC =
  ' com net org edu gov mil int info biz name pro aero coop museum jobs mobi travel tel cat post asia app dev page cloud' +
  ' online site store shop tech blog xyz email agency company consulting digital design finance fund global group health' +
  ' bank insurance law legal life live ltd inc llc gmbh media network news one partners photo plus press services social' +
  ' software solutions space studio support systems team tools today university vc ventures wiki work works world zone' +
  ' club academy art auto bio care center church city community dental doctor energy engineer engineering events expert' +
  ' family farm fit foundation games gallery green guide guru hospital host house institute international land lawyer' +
  ' management marketing money music ninja nyc london berlin paris tokyo wien hamburg koeln bayern swiss ngo ong party' +
  ' pizza pub red rocks run school science security show studio style tax technology top town trade training vip voyage' +
  ' website win google apple amazon microsoft ibm bmw audi sap bosch siemens barclays hsbc dhl abb basf ';
/** Two letters, but after an @ in code they end a file's name or a version: `logo@2x.js`. */
const FILE_ENDINGS = / (?:js|ts|cs|rb|hs|vb|kt|ex|xz|gz|bz|db|so|pb) /;

function isPublicDomain(domain: string): boolean {
  const labels = domain.split('.');
  const top = labels.at(-1) as string;
  if (labels.length < 2 || labels.some((label) => !/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label)))
    return false;
  if (/^[a-z]{2}$/.test(top))
    return !FILE_ENDINGS.test(` ${top} `) && !/^\d{1,3}$/.test(labels.at(-2) as string);
  return top.startsWith('xn--') || GENERIC.includes(` ${top} `);
}

/** RFC 2606 reserves `example`; the others stand in its place in everyone's documentation. */
const EXAMPLE_DOMAIN =
  /(?:^|\.)(?:example|example\d|domain|yourdomain|mydomain|your-domain|mycompany|yourcompany|company|foo|bar|baz|foobar|test|a|b|y)\.(?:com|org|net|edu|io|co|dev|de|co\.uk|tld)$|\bnoreply\.|\.gserviceaccount\.com$|(?:^|\.)example\./;
const NOBODY =
  /^(?:no-?reply|do-?not-?reply|donotreply|noreply[+.-].{0,60}|.{0,60}[+.-]no-?reply|mailer-daemon|bounces?|bounce[+-].{0,60}|git|hg|svn|user|username|you|your|your[._-]?(?:e?mail|name|address)|name|email|e-mail|mail|someone|somebody|foo|bar|baz|test|tester|example|me|x|xxx|a|b|first\.last|firstname\.lastname)$/;
/** Offices, not people. */
const ROLE =
  /^(?:info|support|help|helpdesk|contact|sales|admin|administrator|webmaster|postmaster|hostmaster|abuse|security|privacy|legal|press|media|jobs|careers|office|team|hello|service|feedback|billing|accounts?|marketing|dev|devel|developers?|opensource|oss|maintainers?|root|license|licensing|conduct|bugs?|list|announce|users)$/i;

const isPlaceholder = (local: string, domain: string): boolean =>
  NOBODY.test(local) || EXAMPLE_DOMAIN.test(domain);

/** Lines of a version history, and notices by which authors sign their work in public. */
const PUBLIC_LINE =
  /(?:author|committer|commit|tagger|maintainer|contributor|contributed by|written by|copyright|\(c\)|©|signed-off-by|[a-z]{3,20}-by|^from [0-9a-f]{7,40}|^\d{4}(?:-\d{2,4})?|bugs|licen[cs]e)s?\b/i;

/** Part of a web address (`https://user@host`, `git@host:`), or of a version history. */
function isElsewhere(text: string, start: number): boolean {
  const before = text.slice(Math.max(0, start - LINE_CHARACTERS), start);
  const line = before.slice(before.lastIndexOf('\n') + 1).replace(/^[\s*#/;%>|+-]{1,96}/, '');
  if (/:\/\/[^\s"'<>/?]{0,96}$/.test(line)) return true;
  return /(?:<|\(|&lt;)$/.test(line) && PUBLIC_LINE.test(line);
}

/** From the host patterns of catalogue and policy to the domains that a device's certificate authority may speak for. */
import { DomainSet } from './name-constraints.ts';

type RefusedPatternReason =
  /** Neither a DNS name nor `*.` and one: name constraints can't say it, and its parent would be far too broad. */
  | 'wildcard'
  | 'ip-address'
  | 'not-a-name'
  /** A registry's or a hosting company's domain, under which strangers have names. */
  | 'too-broad';

export interface ConstraintPlan {
  /** Sorted, none below another. */
  readonly domains: readonly string[];
  /** Patterns that get no certificate: their hosts are tunnelled unread. */
  readonly refused: readonly { readonly pattern: string; readonly reason: RefusedPatternReason }[];
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`);
const ALL_DIGITS = /^\d+$/;

/** Second-level labels under which country registries sell names: `co.uk`, `com.au`, `gob.mx` … */
const REGISTRY_LABELS = new Set(
  'ac co com edu go gob gouv gov gv id ltd me mil ne net nhs nom or org plc sch web'.split(' '),
);

/**
 * Where strangers, or a company's every product, have names one level down. A permitted subtree there would make
 * this device's certificates valid for far more than AI. List the exact hosts instead, region by region if need be.
 */
const SHARED_DOMAINS = new Set(
  `amazonaws.com amazonaws.com.cn aws.com azure.com azure.net azurewebsites.net cloudapp.net windows.net
   microsoft.com office.com office.net live.com cloud.microsoft googleapis.com google.com googleusercontent.com
   run.app appspot.com web.app firebaseapp.com github.com github.io githubusercontent.com ghe.com gitlab.io
   apple.com icloud.com facebook.com cloudflare.com workers.dev pages.dev cloudfront.net akamaized.net fastly.net
   herokuapp.com netlify.app vercel.app onrender.com fly.dev hf.space repl.co replit.app replit.dev
   lovable.app ngrok.io ngrok.app trycloudflare.com oraclecloud.com aliyuncs.com myqcloud.com digitaloceanspaces.com
   salesforce.com force.com sharepoint.com atlassian.net zendesk.com`.split(/\s+/),
);

/** The domains for these patterns, and what was left out and why. */
export function planConstraints(hostPatterns: Iterable<string>): ConstraintPlan {
  const wanted = new Set<string>();
  const refused: { pattern: string; reason: RefusedPatternReason }[] = [];
  for (const pattern of new Set(hostPatterns)) {
    const name = (pattern.startsWith('*.') ? pattern.slice(2) : pattern).toLowerCase();
    const reason = refusalOf(name);
    if (reason === undefined) wanted.add(name);
    else refused.push({ pattern, reason });
  }
  return { domains: minimal(wanted), refused };
}

/** The smallest set of dNSName subtrees that covers these patterns, of those that a constraint may cover. */
export function constraintDomains(hostPatterns: readonly string[]): readonly string[] {
  return planConstraints(hostPatterns).domains;
}

/** A lower-case DNS name in letters, digits and hyphens, and not an IPv4 address. */
export function isDnsName(host: string): boolean {
  return NAME.test(host) && !ALL_DIGITS.test(host.slice(host.lastIndexOf('.') + 1));
}

function refusalOf(name: string): RefusedPatternReason | undefined {
  if (name.includes('*')) return 'wildcard';
  if (/^[\d.]+$/.test(name) || name.includes(':')) return 'ip-address';
  if (!isDnsName(name)) return 'not-a-name';
  return isTooBroad(name) ? 'too-broad' : undefined;
}

function isTooBroad(name: string): boolean {
  const labels = name.split('.');
  if (labels.length < 2 || SHARED_DOMAINS.has(name)) return true;
  const [first = '', last = ''] = labels;
  return labels.length === 2 && last.length === 2 && REGISTRY_LABELS.has(first);
}

function minimal(names: ReadonlySet<string>): readonly string[] {
  const all = new DomainSet([...names]);
  const parent = (name: string) => name.slice(name.indexOf('.') + 1);
  return [...names].filter((name) => !name.includes('.') || !all.contains(parent(name))).sort();
}

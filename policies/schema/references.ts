import type { Catalogue } from './catalogue.ts';
import { nearest } from './nearest.ts';
import type { Policy } from './policy.ts';
import type { Fault } from './problem.ts';

/** Kinds that a rule may name as a whole; files and local servers only one by one. */
const KINDS: readonly string[] = ['api', 'web', 'ide'];
const HOST = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/;
const ADDRESS = /^\d+(\.\d+){3}$/;
/** Names that stand for every company under them: a rule for one would decrypt half the internet. */
const SHARED = new Set(
  'com net org io dev ai app cloud googleapis.com google.com amazonaws.com azure.com microsoft.com github.com cloudflare.com co.uk'.split(
    ' ',
  ),
);

/** Rules that name a service, host or app which doesn't exist: such a rule would silently never apply. */
export function* checkReferences(policy: Policy, catalogue: Catalogue): Iterable<Fault> {
  const services = new Set(catalogue.services.map(({ id }) => id));
  for (const [index, rule] of policy.services.entries()) {
    for (const [position, name] of rule.match.entries()) {
      const fault = checkServiceName(name, services);
      if (fault !== undefined) yield { path: ['services', index, 'match', position], ...fault };
    }
  }
  for (const [index, rule] of policy.services.entries()) {
    if (rule.dialect === undefined || rule.match.some((name) => name.includes('.'))) continue;
    yield {
      path: ['services', index, 'dialect'],
      message: 'This rule names only services of the catalogue, which knows their dialects.',
      mend: 'Remove the dialect, or name the hosts that speak it.',
    };
  }
  const apps = new Set([...catalogue.apps.map(({ id }) => id), 'unknown', '*']);
  for (const [index, rule] of policy.apps.rules.entries()) {
    for (const [position, name] of rule.match.entries()) {
      if (apps.has(name)) continue;
      yield {
        path: ['apps', 'rules', index, 'match', position],
        message: `The catalogue knows no app "${name}".`,
        mend: suggest(name, apps, 'Use an app id of the catalogue, "unknown" or "*".'),
      };
    }
  }
}

function checkServiceName(name: string, services: ReadonlySet<string>): Omit<Fault, 'path'> | undefined {
  if (name === '*' || services.has(name)) return undefined;
  if (name.startsWith('kind:')) {
    if (KINDS.includes(name.slice(5))) return undefined;
    return {
      message: `There is no kind of service "${name.slice(5)}".`,
      mend: `Use one of: ${KINDS.map((kind) => `kind:${kind}`).join(', ')}.`,
    };
  }
  if (!name.includes('.')) {
    return {
      message: `The catalogue knows no service "${name}".`,
      mend: suggest(
        name,
        services,
        'Use a service id of the catalogue, or a host name such as "llm.example.com".',
      ),
    };
  }
  if (ADDRESS.test(name)) {
    return {
      message: `"${name}" is an IP address.`,
      mend: 'Use a host name: certificates for addresses are never made.',
    };
  }
  if (!HOST.test(name)) {
    return {
      message: `"${name}" isn't a host name.`,
      mend: 'Write it in lower case without scheme, port and path; a "*." in front covers all names below it.',
    };
  }
  if (SHARED.has(name.replace(/^\*\./, '')) && name.startsWith('*.')) {
    return { message: `"${name}" covers far more than one service.`, mend: 'Name the exact hosts.' };
  }
  return undefined;
}

function suggest(name: string, known: Iterable<string>, otherwise: string): string {
  const guess = nearest(name, known);
  return guess === undefined ? otherwise : `Did you mean "${guess}"? ${otherwise}`;
}

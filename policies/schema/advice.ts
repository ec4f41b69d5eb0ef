import type { Catalogue } from './catalogue.ts';
import type { Policy } from './policy.ts';
import type { Fault } from './problem.ts';

/** What is allowed but probably not meant, or worth a second look before it is rolled out. */
export function* adviceOn(policy: Policy, catalogue: Catalogue | undefined): Iterable<Fault> {
  yield* unreachableServiceRules(policy, catalogue);
  yield* unreachable(policy.models, ['models']);
  yield* unreachable(policy.apps.rules, ['apps', 'rules']);
  yield* streamsWait(policy);
  yield* tooStrict(policy);
  if (policy.rollout.shadow) {
    yield {
      path: ['rollout', 'shadow'],
      message: 'Shadow mode is on: everything is decided and recorded, and nothing is enforced.',
      mend: 'Set it to false when the records look right.',
    };
  }
  if (policy.privacy.content !== 'never') {
    yield {
      path: ['privacy', 'content'],
      message: "People's prompts and the answers to them will be stored on the device.",
      mend: 'Make sure that this has been agreed, or use "never".',
    };
  }
}

/** People notice: an answer that used to come word by word now comes in stretches, and late. */
function* streamsWait({ guardrails }: Policy): Iterable<Fault> {
  for (const [index, rule] of guardrails.entries()) {
    if (rule.detect !== 'remote' || rule.shadow) continue;
    if ((rule.action === 'allow' || rule.action === 'warn') && rule.onFailure !== 'block') continue;
    if (!rule.on.includes('response') && !rule.on.includes('tool-call')) continue;
    yield {
      path: ['guardrails', index, 'on'],
      message: `Streamed answers wait for this service: people see them in stretches of up to ${rule.windowChars} characters, each once it has been checked.`,
      mend: 'Keep it if that is meant; use warn, without onFailure: block, to record what it finds and hold nothing.',
    };
  }
}

/** Kinds that every pasted log has some of. */
const EVERYDAY_KINDS = ['email-address', 'phone-number', 'ip-address'];

/** Detectors that guess, with actions that stop people. */
function* tooStrict(policy: Policy): Iterable<Fault> {
  for (const [index, { detect, action, kinds }] of policy.guardrails.entries()) {
    const path = ['guardrails', index, 'action'];
    if (action === 'allow' || action === 'warn') continue;
    if (
      detect === 'injection' &&
      !(kinds ?? ['*']).every((kind) => /^(?:invisible-|variation-)/.test(kind))
    ) {
      yield {
        path,
        message: `Injection is guessed from words: "${action}" also stops people who only write or read about it.`,
        mend: 'Use "warn", or only kinds that leave no doubt: invisible-tags, variation-selectors.',
      };
    }
    if (
      detect === 'pii' &&
      action === 'block' &&
      (kinds ?? EVERYDAY_KINDS).some((kind) => EVERYDAY_KINDS.includes(kind))
    ) {
      yield {
        path,
        message: 'This also stops everything with a mail address, a phone number or an IP address in it.',
        mend: 'Name the kinds to stop (card-number, iban, us-ssn …), and warn of the others in a rule of their own.',
      };
    }
  }
}

interface Rule {
  readonly match: readonly string[];
  readonly when?: string | undefined;
}

function* unreachable(rules: readonly Rule[], path: Fault['path']): Iterable<Fault> {
  const taken = new Map<string, number>();
  for (const [index, { match, when }] of rules.entries()) {
    const earlier = lastIfAll(match.map((name) => taken.get(name.toLowerCase()) ?? taken.get('*')));
    if (earlier !== undefined) yield neverAsked([...path, index], path, earlier);
    if (when !== undefined) continue;
    for (const name of match) if (!taken.has(name.toLowerCase())) taken.set(name.toLowerCase(), index);
  }
}

/** A host rule may fall under an earlier service, kind or wider suffix; only the certain cases are told. */
function* unreachableServiceRules(policy: Policy, catalogue: Catalogue | undefined): Iterable<Fault> {
  const services = catalogue?.services ?? [];
  const kindOf = new Map(services.map(({ id, kind }) => [id, kind]));
  const taken = new Map<string, number>();
  for (const [index, { match, when }] of policy.services.entries()) {
    const wider = (name: string): readonly string[] => {
      if (name.includes('.')) return [name, ...suffixesOf(name)];
      return [name, `kind:${kindOf.get(name)}`, ...(isGoverned(kindOf.get(name) ?? name) ? ['*'] : [])];
    };
    const earlier = lastIfAll(match.map((name) => firstOf(wider(name).map((each) => taken.get(each)))));
    if (earlier !== undefined) yield neverAsked(['services', index], ['services'], earlier);
    if (when !== undefined) continue;
    for (const name of match) if (!taken.has(name)) taken.set(name, index);
  }
}

const isGoverned = (kind: string) => kind !== 'assets' && kind !== 'local';

/** `a.b.c` lies under `*.b.c` and `*.c`; `*.b.c` under `*.c`. */
function suffixesOf(name: string): string[] {
  const labels = name.split('.').slice(1);
  return labels.map((_, index) => `*.${labels.slice(index).join('.')}`).filter((suffix) => suffix !== name);
}

/** The latest of the rules that take each name, if all names are taken. */
function lastIfAll(takenBy: readonly (number | undefined)[]): number | undefined {
  let latest: number | undefined;
  for (const index of takenBy) {
    if (index === undefined) return undefined;
    latest = Math.max(latest ?? 0, index);
  }
  return latest;
}

function firstOf(candidates: readonly (number | undefined)[]): number | undefined {
  const known = candidates.filter((index) => index !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function neverAsked(path: Fault['path'], list: Fault['path'], earlier: number): Fault {
  return {
    path: [...path, 'match'],
    message: `This rule is never asked: ${list.join('.')}[${earlier}] already decides for all it names.`,
    mend: 'Move it up, or remove it.',
  };
}

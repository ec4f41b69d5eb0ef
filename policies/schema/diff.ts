/** What changes for people from one policy to another, in sentences: for a review, before a push. */
import type { Policy } from './policy.ts';

export interface PolicyChange {
  /** Whether calls get less freedom by it; undefined where that can't be said. */
  readonly effect: 'tighter' | 'looser' | undefined;
  readonly text: string;
}

type Effect = PolicyChange['effect'];
type Item = Readonly<Record<string, unknown>>;

/** A list whose entries are known by a name; `ordered`: the first match wins, so that places matter. */
interface Section {
  readonly title: string;
  readonly ordered: boolean;
  readonly items: (policy: Policy) => readonly Item[];
  readonly nameOf: (item: Item) => string;
}

const byMatch = ({ match, when }: Item): string =>
  `${(match as readonly string[]).join(', ')}${when === undefined ? '' : ` when ${String(when)}`}`;
const byId = ({ id }: Item): string => String(id);

const SECTIONS: readonly Section[] = [
  { title: 'service rule', ordered: true, items: ({ services }) => services, nameOf: byMatch },
  { title: 'model rule', ordered: true, items: ({ models }) => models, nameOf: byMatch },
  { title: 'guardrail', ordered: false, items: ({ guardrails }) => guardrails, nameOf: byId },
  { title: 'budget', ordered: false, items: ({ budgets }) => budgets, nameOf: byId },
  { title: 'limit', ordered: false, items: ({ limits }) => limits, nameOf: byId },
  { title: 'price', ordered: true, items: ({ prices }) => prices, nameOf: byMatch },
  { title: 'app rule', ordered: true, items: ({ apps }) => apps.rules, nameOf: byMatch },
];

/** Sections that aren't lists: each setting is compared by itself. */
const SETTINGS = ['privacy', 'failure', 'rollout'] as const;

/** Choices from the loosest to the tightest. */
const ORDERS: Readonly<Record<string, readonly string[]>> = {
  action: ['allow', 'warn', 'downgrade', 'redact', 'justify', 'block'],
  onFailure: ['allow', 'warn', 'block'],
  unreadableRequest: ['allow', 'warn', 'block'],
  oversizedRequest: ['allow', 'warn', 'block'],
  state: ['allowed', 'denied'],
  default: ['allow', 'deny'],
  pinnedClient: ['tunnel', 'block'],
  challengedSite: ['tunnel', 'inspect'],
  gatewayDown: ['tunnel', 'direct', 'refuse'],
  afterGrace: ['open', 'restrictive'],
  minConfidence: ['high', 'medium', 'low'],
  minSeverity: ['critical', 'high', 'medium', 'low'],
  shadow: ['true', 'false'],
};

/** Numbers of which less is tighter; and those of which more is. */
const LESS_IS_TIGHTER = /^(limit|max|warnAt|justifyMinutes|.*PerMinute|.*Streams$)/;
const MORE_IS_TIGHTER = new Set(['canaryPercent', 'samplePercent']);

/** Everything that differs, in the order of the document. */
export function diffPolicies(from: Policy, to: Policy): readonly PolicyChange[] {
  const changes: PolicyChange[] = [];
  if (from.name !== to.name) changes.push({ effect: undefined, text: `name: ${from.name} → ${to.name}` });
  for (const section of SECTIONS)
    changes.push(...diffSection(section, section.items(from), section.items(to)));
  changes.push(...diffFields('apps', { default: from.apps.default }, { default: to.apps.default }));
  for (const name of SETTINGS) changes.push(...diffFields(name, from[name], to[name]));
  return changes;
}

function* diffSection(section: Section, from: readonly Item[], to: readonly Item[]): Iterable<PolicyChange> {
  const before = named(section, from);
  const after = named(section, to);
  for (const [name, item] of before) {
    const next = after.get(name);
    if (next !== undefined) yield* diffFields(`${section.title} ${name}`, item, next);
    else
      yield { effect: opposite(strength(item)), text: `${section.title} ${name} is gone: ${summary(item)}` };
  }
  for (const [name, item] of after) {
    if (before.has(name)) continue;
    yield { effect: strength(item), text: `${section.title} ${name} is new: ${summary(item)}` };
  }
  if (!section.ordered) return;
  const common = (names: Iterable<string>, others: ReadonlyMap<string, Item>) =>
    [...names].filter((name) => others.has(name)).join(' | ');
  if (common(before.keys(), after) !== common(after.keys(), before)) {
    const order = [...after.keys()].join(', then ');
    yield { effect: undefined, text: `${section.title}s are asked in another order: ${order}` };
  }
}

/** Two rules of one name are told apart by their place among them. */
function named({ nameOf }: Section, items: readonly Item[]): ReadonlyMap<string, Item> {
  const byName = new Map<string, Item>();
  for (const item of items) {
    let name = nameOf(item);
    for (let again = 2; byName.has(name); again++) name = `${nameOf(item)} (${again})`;
    byName.set(name, item);
  }
  return byName;
}

function* diffFields(where: string, from: Item, to: Item): Iterable<PolicyChange> {
  for (const field of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const before = show(from[field]);
    const after = show(to[field]);
    if (before === after) continue;
    yield {
      effect: effectOf(field, from[field], to[field]),
      text: `${where}: ${field} ${before} → ${after}`,
    };
  }
}

function effectOf(field: string, before: unknown, after: unknown): Effect {
  if (field === 'mode') return modeEffect(String(before), String(after));
  const order = ORDERS[field];
  if (order !== undefined) return compare(order.indexOf(String(after)) - order.indexOf(String(before)));
  if (typeof before !== 'number' || typeof after !== 'number') return undefined;
  if (LESS_IS_TIGHTER.test(field)) return compare(before - after);
  return MORE_IS_TIGHTER.has(field) ? compare(after - before) : undefined;
}

/** Blocking is the tightest and leaving untouched the loosest; between them it depends on the gateway. */
function modeEffect(before: string, after: string): Effect {
  if (after === 'block' || before === 'tunnel') return 'tighter';
  return before === 'block' || after === 'tunnel' ? 'looser' : undefined;
}

const compare = (difference: number): Effect =>
  difference > 0 ? 'tighter' : difference < 0 ? 'looser' : undefined;

/** Whether a rule takes freedom, by being there. */
function strength({ action, mode, state, shadow }: Item): Effect {
  if (shadow === true) return undefined;
  if (
    ['downgrade', 'redact', 'justify', 'block'].includes(String(action)) ||
    mode === 'block' ||
    state === 'denied'
  )
    return 'tighter';
  return mode === 'tunnel' || state === 'allowed' ? 'looser' : undefined;
}

const opposite = (effect: Effect): Effect =>
  effect === 'tighter' ? 'looser' : effect === 'looser' ? 'tighter' : undefined;

/** What a rule does, in few words. */
export function summary(item: Item): string {
  const parts = [
    'detect',
    'mode',
    'state',
    'action',
    'on',
    'limitUsd',
    'limitTokens',
    'window',
    'requestsPerMinute',
    'tokensPerMinute',
    'concurrentStreams',
    'input',
    'output',
  ].flatMap((field) => (item[field] === undefined ? [] : [`${field} ${show(item[field])}`]));
  return parts.join(', ') || 'no effect of its own';
}

function show(value: unknown): string {
  if (value === undefined) return 'unset';
  if (Array.isArray(value))
    return value.map((one) => (typeof one === 'object' ? JSON.stringify(one) : String(one))).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

import { summary } from '../../../policies/schema/diff.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { CallOutput } from '../serve/contract.ts';
import type { LoadedConfig } from '../sync/config.ts';
import type { PolicyState } from './agent-state.ts';

type PolicyView = CallOutput<'policy'>;
type Rule = PolicyView['rules'][number];

/** The policy in force and the settings, for a person to read. */
export function policyView(state: PolicyState, settings: LoadedConfig): PolicyView {
  const { compiled, source, loadedAtMs } = state;
  const { privacy } = compiled.policy;
  return {
    policy: compiled.identity,
    source: { kind: source.kind, ...(source.file !== undefined && { file: source.file }) },
    loadedAtMs,
    shadow: compiled.shadow,
    rules: [...rulesOf(compiled)],
    privacy: { ...privacy, inspectedHosts: [...compiled.inspectedHosts()].sort() },
    settings: settingsView(settings),
  };
}

function* rulesOf({ rules }: CompiledPolicy): Iterable<Rule> {
  const plain = (
    id: string,
    kind: Rule['kind'],
    action: string,
    rule: Readonly<Record<string, unknown>>,
  ) => ({
    id,
    kind,
    action,
    text: summary(rule),
    ...(typeof rule['message'] === 'string' && { message: rule['message'] }),
    shadow: rule['shadow'] === true,
  });
  for (const { id, rule } of rules.services) yield plain(id, 'service', rule.mode, rule);
  for (const { id, rule } of rules.models) yield plain(id, 'model', rule.action, rule);
  for (const { id, rule } of rules.guardrails) yield plain(id, 'guardrail', rule.action, rule);
  for (const { id, rule } of rules.budgets) yield plain(id, 'budget', rule.action, rule);
  for (const { id, rule } of rules.limits) yield plain(id, 'limit', 'block', rule);
  for (const { id, rule } of rules.apps) yield plain(id, 'app', rule.state, rule);
}

/** Credentials in any form: keys, tokens, headers with them, proxies' passwords. */
const SECRET = /key|secret|token|password|headers|credential/i;

/** Every leaf of the configuration with who set it. */
function settingsView({ config, origins }: LoadedConfig): PolicyView['settings'] {
  const settings: PolicyView['settings'] = [];
  const add = (key: string, value: unknown): void => {
    if (value === undefined) return;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [name, inner] of Object.entries(value)) add(key === '' ? name : `${key}.${name}`, inner);
      return;
    }
    settings.push({ key, value: shown(key, value), origin: originOf(origins, key) });
  };
  add('', config);
  return settings;
}

/** A section that came as a whole (`gateway`) has one origin. */
function originOf(origins: LoadedConfig['origins'], key: string): 'managed' | 'own' | 'default' {
  for (let name = key; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
    const origin = origins.get(name);
    if (origin !== undefined) return origin;
  }
  return 'default';
}

function shown(key: string, value: unknown): string {
  if (SECRET.test(key)) return '(set)';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const url = URL.parse(text);
  if (url === null || (url.username === '' && url.password === '')) return text;
  url.username = '';
  url.password = '';
  return url.href;
}

import { loadCatalogue } from '../../../policies/catalogue/catalogue.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { SeenApp } from '../record/reports/query.ts';
import type { CallOutput } from '../serve/contract.ts';

type AppView = CallOutput<'apps'>['apps'][number];

/** What was seen, the latest first; then what the policy names and hasn't been seen. */
export function appViews(seen: readonly SeenApp[], compiled: CompiledPolicy): AppView[] {
  const catalogue = loadCatalogue();
  const apps = new Map(catalogue.apps.map((app) => [app.id, app]));
  const view = (id: string): Pick<AppView, 'id' | 'name' | 'kind' | 'state'> => {
    const known = apps.get(id);
    return {
      id,
      name: known?.name ?? (id === 'unknown' ? 'Unknown programs' : id),
      ...(known !== undefined && { kind: known.kind }),
      state: stateOf(id, compiled),
    };
  };
  const ids = new Set(seen.map(({ id }) => id));
  const named = compiled.rules.apps
    .flatMap(({ rule }) => rule.match)
    .filter((id) => apps.has(id) && !ids.has(id));
  return [
    ...seen.map(({ id, services: used, ...figures }) => ({
      ...view(id),
      ...figures,
      services: used.map((one) => ({
        id: one.id,
        name: compiled.serviceNames.get(one.id) ?? one.id,
        mode: one.mode as AppView['services'][number]['mode'],
        calls: one.calls,
      })),
    })),
    ...[...new Set(named)].map((id) => ({ ...view(id), calls: 0, blocked: 0, services: [] })),
  ];
}

function stateOf(id: string, { rules, policy }: CompiledPolicy): AppView['state'] {
  for (const { rule } of rules.apps) {
    if (!rule.match.includes(id) && !rule.match.includes('*')) continue;
    return rule.when === undefined ? rule.state : 'conditional';
  }
  return policy.apps.default === 'deny' ? 'denied' : 'allowed';
}

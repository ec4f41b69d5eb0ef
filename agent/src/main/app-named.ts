import { loadCatalogue } from '../../../policies/catalogue/catalogue.ts';
import { CommandFailure } from '../cli/ports.ts';
import type { AppIdentity } from '../core/decision.ts';

/** The app that somebody means by its catalogue id. */
export function appNamed(id: string | undefined): AppIdentity {
  if (id === undefined) return { id: 'unknown', name: 'an unknown program', identifiedBy: 'none' };
  const app = loadCatalogue().apps.find((candidate) => candidate.id === id);
  if (app === undefined)
    throw new CommandFailure(
      'unknown-app',
      2,
      `The catalogue has no app "${id}".`,
      'Leave --app out, or use an id such as claude-code or codex.',
    );
  return { id, name: app.name, identifiedBy: 'header' };
}

import type { Fault } from '../../../../policies/schema/problem.ts';
import { createRuleDetector } from '../engine/engine.ts';
import { type BuildSecrets, buildSecrets } from './build.ts';
import { secretsCatalogue } from './catalogue.ts';
import { readTeamRules } from './rules-file/team-rules.ts';

/** A file of another format has a fault in every line; the first ones say it all. */
const MAX_FAULTS = 20;

/** For rules of which some name a team's own file: a module of its own, as it brings TOML and RE2 with it. */
export const buildSecretsWithFile: BuildSecrets = (rule, context) => {
  const name = rule.rulesFile;
  if (name === undefined) return buildSecrets(rule, context);
  const fault = (message: string, mend: string): Fault => ({ path: ['rulesFile'], message, mend });
  const file = context.readFile(name);
  if (!file.ok) return { ok: false, faults: [fault(file.message, 'Name a file beside the policy.')] };
  const team = readTeamRules(file.text, secretsCatalogue);
  if (!team.ok) {
    const faults = team.faults
      .toSorted((a, b) => a.line - b.line)
      .slice(0, MAX_FAULTS)
      .map(({ line, message }) => fault(`${name}:${line}: ${message}.`, `Correct line ${line} of ${name}.`));
    return { ok: false, faults };
  }
  const key = `secrets:${name}`;
  const warnings = team.notices.map(({ line, message }) =>
    fault(`${name}:${line}: ${message}.`, `Nothing has to be done; to be told no more, remove it.`),
  );
  return { ok: true, key, warnings, make: () => createRuleDetector(key, team.rules) };
};

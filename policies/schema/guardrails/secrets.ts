import { z } from 'zod';
import { fileName } from '../words.ts';
import { guardrailBase } from './base.ts';

/** Credentials: the built-in catalogue, and a team's own rules. */
export const secretsGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('secrets'),
  /** A TOML file in gitleaks' format, relative to the policy document. */
  rulesFile: fileName.optional(),
});

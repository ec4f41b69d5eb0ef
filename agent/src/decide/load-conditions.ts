import type { Policy } from '../../../policies/schema/policy.ts';
import type { CompileCondition } from './condition/compile.ts';

type Conditional = { readonly when?: string | undefined };

/** What compiles a policy's conditions. Without any, the language isn't even loaded: it takes 17 MB (0053). */
export async function loadConditions(policy: Policy): Promise<CompileCondition> {
  const { services, models, apps, guardrails } = policy;
  const rules: readonly Conditional[] = [...services, ...models, ...apps.rules, ...guardrails];
  if (rules.some(({ when }) => when !== undefined))
    return (await import('./condition/compile.ts')).compileCondition;
  return (source) => {
    throw new Error(`a condition where there was none: ${source}`);
  };
}

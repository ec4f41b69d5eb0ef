/** What to do about a call that was stopped or changed, step by step. Pure. */
import type { CallOutput, ExchangeView } from '../../../../agent/src/serve/contract.ts';
import type { MessageKey } from '../../shared/i18n/messages.ts';
import { isStop, mainReason } from '../state/call-words.ts';

type RuleKind = CallOutput<'policy'>['rules'][number]['kind'];

/** `kindOf`: what kind of rule the policy in force has under that id; undefined for one that is gone. */
export function stepsFor(
  exchange: ExchangeView,
  kindOf: (rule: string) => RuleKind | undefined,
): readonly MessageKey[] {
  const { effective, result } = exchange;
  if (!isStop(exchange) && result !== 'cut') {
    if (effective === 'redact') return ['step.redacted'];
    if (effective === 'warn') return Object.keys(exchange.findings).length > 0 ? ['step.warned'] : [];
    return [];
  }
  const rule = mainReason(exchange)?.rule ?? '';
  switch (kindOf(rule)) {
    case 'model':
      return ['step.otherModel', 'step.wrong'];
    case 'budget':
      return ['step.waitBudget', 'step.smaller', 'step.askBudget'];
    case 'limit':
      return ['step.slower'];
    case 'app':
      return ['step.otherApp', 'step.wrong'];
    case 'service':
      return ['step.otherService', 'step.wrong'];
    default:
      return guardrailSteps(exchange);
  }
}

function guardrailSteps({ result, effective, findings }: ExchangeView): readonly MessageKey[] {
  if (result === 'cut') return ['step.askWithout', 'step.wrong'];
  if (Object.keys(findings).length === 0) return ['step.tryAgain', 'step.wrong'];
  const first: readonly MessageKey[] = effective === 'justify' ? ['step.reason'] : [];
  return [...first, 'step.takeOut', 'step.newConversation', 'step.renew', 'step.wrong'];
}

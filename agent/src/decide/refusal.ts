import { type Decision, isRefusal, type Reason, type Refusal } from '../core/decision.ts';

/** The security team's own words are kept whole up to here; clients show about two lines of an error. */
const MAX_MESSAGE = 280;
const MAX_CAUSE = 260;

/** What a refused caller is told. Works for any decision that blocks, whether of the request or of the answer. */
export function refusalOf(decision: Decision): Refusal {
  const objecting = decision.reasons.filter(({ action, shadow }) => isRefusal(action) && !shadow);
  // What no reason can lift is told first.
  const blocking = objecting.toSorted((a, b) => Number(b.action === 'block') - Number(a.action === 'block'));
  const main = blocking[0] ?? decision.reasons[0];
  if (decision.effective === 'justify' && main !== undefined) return askForReason(decision, main, blocking);
  const sentences = [
    main === undefined
      ? 'Postern stopped this call.'
      : `Postern stopped this call. ${clip(main.text, MAX_CAUSE)}`,
    others(blocking),
    clip(main?.message ?? adviceFor(main), MAX_MESSAGE),
    `Decision ${decision.id}; to see why: postern explain ${decision.id}`,
  ];
  return {
    decisionId: decision.id,
    message: sentences.filter((sentence) => sentence !== '').join(' '),
    code: CODES[main?.rule.kind ?? 'default'],
  };
}

const CODES: Readonly<Record<Reason['rule']['kind'], string>> = {
  guardrail: 'postern_guardrail',
  model: 'postern_model',
  budget: 'postern_budget',
  limit: 'postern_limit',
  service: 'postern_service',
  app: 'postern_app',
  gateway: 'postern_gateway',
  failure: 'postern_failure',
  default: 'postern_service',
};

/** The call can be sent after all, once somebody says why it must be. */
function askForReason({ id }: Decision, main: Reason, asking: readonly Reason[]): Refusal {
  const sentences = [
    `Postern held this call back. ${clip(main.text, MAX_CAUSE)}`,
    others(asking),
    clip(main.message ?? adviceFor(main), MAX_MESSAGE),
    `If it has to be sent, say why and try again: postern justify ${id} --reason "…"`,
  ];
  return {
    decisionId: id,
    message: sentences.filter((sentence) => sentence !== '').join(' '),
    code: 'postern_justify',
  };
}

function others(blocking: readonly Reason[]): string {
  const count = blocking.length - 1;
  if (count < 1) return '';
  return count === 1 ? 'One more rule objects.' : `${count} more rules object.`;
}

function adviceFor(reason: Reason | undefined): string {
  switch (reason?.rule.kind) {
    case 'guardrail':
      return isInAnswer(reason)
        ? 'Ask again without it.'
        : 'Take it out and send again; if it was part of an earlier message, start a new conversation.';
    case 'model':
      return 'Choose another model.';
    case 'budget':
      return 'Wait until then, use a smaller model, or ask whoever keeps the budget.';
    case 'limit':
      return 'Send again then; if it was a program, let it go slower.';
    case 'app':
      return 'Use an app that your company has approved.';
    case 'service':
    case 'default':
      return 'Use a service that your company has approved.';
    case 'failure':
      return 'The policy only lets calls pass that could be checked. Try again; if it stays, ask your security team.';
    default:
      return '';
  }
}

const isInAnswer = ({ findings }: Reason) =>
  findings.length > 0 && findings.every(({ direction }) => direction === 'response');

function clip(text: string, max: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= max ? line : `${line.slice(0, max - 3).trimEnd()}...`;
}

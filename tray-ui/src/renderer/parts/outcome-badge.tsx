import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { OUTCOME_WORDS, outcomeOf } from '../state/call-words.ts';
import { Icon } from './icon.tsx';

export function OutcomeBadge({ exchange }: { readonly exchange: ExchangeView }) {
  const outcome = outcomeOf(exchange);
  return (
    <span class={`badge badge-${outcome}`}>
      <Icon name={outcome} />
      {useServices().words.t(OUTCOME_WORDS[outcome])}
    </span>
  );
}

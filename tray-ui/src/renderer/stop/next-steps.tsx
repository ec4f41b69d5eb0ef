import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { useAnswer } from '../state/use-answer.ts';
import { stepsFor } from './steps.ts';

export function NextSteps({ exchange }: { readonly exchange: ExchangeView }) {
  const { t } = useServices().words;
  const rules = useAnswer('policy', {}).value?.rules ?? [];
  const steps = stepsFor(exchange, (rule) => rules.find(({ id }) => id === rule)?.kind);
  if (steps.length === 0) return undefined;
  return (
    <section>
      <h3>{t('decision.now')}</h3>
      <ol class="steps">
        {steps.map((step) => (
          <li key={step}>{t(step)}</li>
        ))}
      </ol>
    </section>
  );
}

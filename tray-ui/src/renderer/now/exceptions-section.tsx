import { useServices } from '../context.ts';
import { ExceptionList } from '../parts/exception-list.tsx';
import { Section } from '../parts/section.tsx';
import { useAnswer } from '../state/use-answer.ts';

export function ExceptionsSection() {
  const { t } = useServices().words;
  const { value, ask } = useAnswer('exceptions', {});
  if (value === undefined || value.exceptions.length === 0) return undefined;
  return (
    <Section title={t('exception.inForce')}>
      <ExceptionList exceptions={value.exceptions} onEnded={ask} />
    </Section>
  );
}

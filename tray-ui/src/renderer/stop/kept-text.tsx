import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import { WhoCanRead } from '../privacy/who-can-read.tsx';
import { useAnswer } from '../state/use-answer.ts';

/** Exactly what is kept of the call, until when, who can read it; and the text itself, where the policy keeps any. */
export function KeptText({ exchange }: { readonly exchange: ExchangeView }) {
  const { t, date, number } = useServices().words;
  const { kept } = exchange;
  const { value, failure, asking, ask } = useAnswer('content', { id: exchange.id }, 'later');
  const { requestChars, responseChars } = kept ?? {};
  const hasText = requestChars !== undefined || responseChars !== undefined;
  return (
    <section>
      <h3>{t('kept.title')}</h3>
      <ul class="plain-list">
        <li>
          {kept === undefined ? t('kept.figures') : t('kept.figuresUntil', { date: date(kept.untilMs) })}
        </li>
        <li>
          {requestChars === undefined
            ? t('kept.noRequest')
            : t('kept.request', { count: number(requestChars) })}
        </li>
        <li>
          {responseChars === undefined
            ? t('kept.noResponse')
            : t('kept.response', { count: number(responseChars) })}
        </li>
      </ul>
      <WhoCanRead />
      {hasText && value === undefined && (
        <button type="button" class="button" disabled={asking} onClick={ask}>
          {t('kept.show')}
        </button>
      )}
      {failure !== undefined && <FailureNote failure={failure} retry={ask} />}
      {value?.request !== undefined && <Text label={t('kept.yourMessage')} text={value.request} />}
      {value?.response !== undefined && <Text label={t('kept.theAnswer')} text={value.response} />}
    </section>
  );
}

function Text({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <figure class="stored">
      <figcaption>{label}</figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling text must be reached by keyboard */}
      <pre tabIndex={0}>{text}</pre>
    </figure>
  );
}

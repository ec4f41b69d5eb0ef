import { useEffect, useId, useRef } from 'preact/hooks';
import { useServices } from '../context.ts';

/** A person types faster than a search is worth. */
const SETTLE_MS = 200;

/** Holds its own text: what is searched for lags behind what is typed, and must never overwrite it. */
export function SearchField({ onSettled }: { readonly onSettled: (text: string) => void }) {
  const { t } = useServices().words;
  const id = useId();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const settled = useRef(onSettled);
  settled.current = onSettled;
  useEffect(() => () => clearTimeout(timer.current), []);

  function typed(text: string): void {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => settled.current(text), SETTLE_MS);
  }

  return (
    <div class="field field-grow">
      <label for={id}>{t('activity.search')}</label>
      <input
        id={id}
        type="search"
        maxLength={100}
        placeholder={t('activity.searchHint')}
        onInput={(event) => typed(event.currentTarget.value)}
      />
    </div>
  );
}

import { useServices } from '../context.ts';

/** The first stop of the keyboard: past the navigation. Not an anchor, whose address would be another page's. */
export function SkipLink() {
  const { t } = useServices().words;
  return (
    <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
      {t('nav.skip')}
    </button>
  );
}

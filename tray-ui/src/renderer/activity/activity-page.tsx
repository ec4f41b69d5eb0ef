import { useCallback, useRef, useState } from 'preact/hooks';
import { useServices } from '../context.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { CallList } from './call-list.tsx';
import { type CallFilter, NO_FILTER } from './filter.ts';
import { FilterBar } from './filter-bar.tsx';
import { useLedger } from './use-ledger.ts';

/** The ledger that the employee can read: every call that was looked at. */
export function ActivityPage() {
  const { words, router } = useServices();
  const { t } = words;
  const [filter, setFilter] = useState<CallFilter>(NO_FILTER);
  const atTop = useRef(true);
  const isAtTop = useCallback(() => atTop.current, []);
  const { ledger, waiting, letIn } = useLedger(filter, isAtTop);
  const page = useRef<HTMLDivElement>(null);

  const onTop = useCallback(
    (isTop: boolean) => {
      atTop.current = isTop;
      if (isTop) letIn();
    },
    [letIn],
  );

  function toTop(): void {
    letIn();
    const list = page.current?.querySelector('.calls');
    if (list !== null && list !== undefined) list.scrollTop = 0;
  }

  return (
    <div ref={page} class="page page-tall">
      <PageTitle text={t('page.activity')} />
      <p class="lead">{t('activity.lead')}</p>
      <FilterBar filter={filter} onChange={setFilter} />
      {ledger?.failure !== undefined && (
        <FailureNote failure={ledger.failure} retry={() => void ledger.more()} />
      )}
      {waiting > 0 && (
        <button type="button" class="button button-new" onClick={toTop}>
          {t('activity.waiting', { count: waiting })}
        </button>
      )}
      {ledger !== undefined && (
        <>
          <CallList
            key={JSON.stringify(filter)}
            ledger={ledger}
            onTop={onTop}
            onOpen={({ id }) => router.go({ page: 'activity', decision: id })}
          />
          <p class="count" role="status">
            {ledger.size === 0 &&
              ledger.atEnd &&
              t(filter === NO_FILTER ? 'activity.empty' : 'activity.noMatch')}
            {ledger.size > 0 &&
              t(ledger.atEnd ? 'activity.count' : 'activity.countSoFar', { count: ledger.size })}
          </p>
        </>
      )}
    </div>
  );
}

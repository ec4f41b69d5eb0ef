import { useId, useState } from 'preact/hooks';
import { useServices } from '../context.ts';

/** A list of several hundred names is searched, not read. */
const MOST = 60;

export function HostList({ hosts }: { readonly hosts: readonly string[] }) {
  const { t } = useServices().words;
  const [search, setSearch] = useState('');
  const id = useId();
  const wanted = search.trim().toLowerCase();
  const found = wanted === '' ? hosts : hosts.filter((host) => host.includes(wanted));
  return (
    <>
      <div class="field">
        <label for={id}>{t('hosts.search')}</label>
        <input
          id={id}
          type="search"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      </div>
      <p role="status">{found.length === 0 ? t('hosts.none') : t('hosts.count', { count: found.length })}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling list must be reached by keyboard */}
      <ul class="hosts" tabIndex={0} aria-label={t('hosts.list')}>
        {found.slice(0, MOST).map((host) => (
          <li key={host}>{host}</li>
        ))}
      </ul>
      {found.length > MOST && <p class="muted">{t('hosts.more', { count: found.length - MOST })}</p>}
    </>
  );
}

import { PAGES } from '../../shared/bridge.ts';
import { useServices } from '../context.ts';
import { Icon } from '../parts/icon.tsx';

export function Navigation() {
  const { router, words } = useServices();
  const { page: current } = router.address.value;
  return (
    <header class="side">
      <p class="brand">Postern</p>
      <nav aria-label={words.t('nav.label')}>
        <ul>
          {PAGES.map((page) => (
            <li key={page}>
              <button
                type="button"
                class="nav-item"
                aria-current={page === current ? 'page' : undefined}
                onClick={() => router.go({ page })}
              >
                <Icon name={page} />
                {words.t(`page.${page}`)}
              </button>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  );
}

import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';

/** Kinds and counts: what was found is itself not kept, unless the policy keeps the text that it stood in. */
export function FoundList({ exchange }: { readonly exchange: ExchangeView }) {
  const { t, number } = useServices().words;
  const found = Object.entries(exchange.findings);
  const { requestChars, responseChars } = exchange.kept ?? {};
  const isTextKept = requestChars !== undefined || responseChars !== undefined;
  return (
    <section>
      <h3>{t('decision.found')}</h3>
      {found.length === 0 ? (
        <p>{t('decision.foundNothing')}</p>
      ) : (
        <>
          <ul class="chips">
            {found.map(([kind, count]) => (
              <li key={kind} class="chip">
                <code>{kind}</code> × {number(count)}
              </li>
            ))}
          </ul>
          <p class="muted">{t(isTextKept ? 'decision.foundInText' : 'decision.foundMasked')}</p>
        </>
      )}
    </section>
  );
}

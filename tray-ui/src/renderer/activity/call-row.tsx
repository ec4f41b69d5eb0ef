import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { OutcomeBadge } from '../parts/outcome-badge.tsx';
import { costText, findingsText, isStop, mainReason, when } from '../state/call-words.ts';

interface RowProps {
  readonly index: number;
  /** Of the whole list; -1 while unknown. */
  readonly size: number;
  /** Undefined while it is on its way. */
  readonly exchange: ExchangeView | undefined;
  readonly top: number;
  readonly isTabStop: boolean;
  readonly onFocus: (index: number) => void;
  readonly onOpen: (exchange: ExchangeView) => void;
}

export function CallRow({ index, size, exchange, top, isTabStop, onFocus, onOpen }: RowProps) {
  const { words } = useServices();
  const nowMs = Date.now();
  return (
    // biome-ignore lint/a11y/useSemanticElements: see the list
    <div
      class="call-place"
      role="listitem"
      aria-setsize={size}
      aria-posinset={index + 1}
      style={{ transform: `translateY(${top}px)` }}
    >
      <button
        type="button"
        class="call"
        data-row={index}
        tabIndex={isTabStop ? 0 : -1}
        aria-haspopup="dialog"
        onFocus={() => onFocus(index)}
        onClick={() => exchange !== undefined && onOpen(exchange)}
      >
        {exchange === undefined ? words.t('activity.loading') : <Columns exchange={exchange} nowMs={nowMs} />}
      </button>
    </div>
  );
}

function Columns({ exchange, nowMs }: { readonly exchange: ExchangeView; readonly nowMs: number }) {
  const { words } = useServices();
  const { app, service, model, requestBytes, responseBytes } = exchange;
  const found = findingsText(exchange);
  const why = found === '' && isStop(exchange) ? mainReason(exchange)?.rule : found;
  return (
    <>
      <span class="call-time">{when(exchange.startedAtMs, nowMs, words)}</span>
      <span class="call-who">
        <span class="call-app">{app.name}</span>
        <span class="call-service">
          {service}
          {model !== undefined && ` · ${model}`}
        </span>
      </span>
      <span class="call-what">
        <OutcomeBadge exchange={exchange} />
        <span class="call-found">{why}</span>
      </span>
      <span class="call-figures">
        <span>{costText(exchange, words)}</span>
        <span class="call-size">{words.bytes(requestBytes + responseBytes)}</span>
      </span>
    </>
  );
}

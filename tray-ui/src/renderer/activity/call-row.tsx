import { Component } from 'preact';
import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { serviceOf } from '../../shared/tray-state.ts';
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

/** A list that scrolls draws its rows anew in every frame; those that are as they were are left alone. */
export class CallRow extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { exchange, top, isTabStop, size } = this.props;
    return (
      next.exchange !== exchange || next.top !== top || next.isTabStop !== isTabStop || next.size !== size
    );
  }

  override render({ index, size, exchange, top, isTabStop, onFocus, onOpen }: RowProps) {
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
          <Columns exchange={exchange} />
        </button>
      </div>
    );
  }
}

function Columns({ exchange }: { readonly exchange: ExchangeView | undefined }) {
  const { words } = useServices();
  if (exchange === undefined) return <>{words.t('activity.loading')}</>;
  const { app, model, requestBytes, responseBytes } = exchange;
  const found = findingsText(exchange);
  const why = found === '' && isStop(exchange) ? mainReason(exchange)?.rule : found;
  return (
    <>
      <span class="call-time">{when(exchange.startedAtMs, Date.now(), words)}</span>
      <span class="call-who">
        <span class="call-app">{app.name}</span>
        <span class="call-service">
          {serviceOf(exchange)}
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

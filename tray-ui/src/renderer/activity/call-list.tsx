import { useEffect, useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { CallRow } from './call-row.tsx';
import type { Ledger } from './ledger.ts';
import { keyTarget, windowOf } from './window-of.ts';

/**
 * A list of any length: only the rows in sight, and some around them, are in the document. One tab stop; arrows, Page
 * and Home/End keys move within.
 */
export function CallList(props: {
  readonly ledger: Ledger;
  readonly onOpen: (exchange: ExchangeView) => void;
  readonly onTop: (isAtTop: boolean) => void;
}) {
  const { ledger, onOpen, onTop } = props;
  const { t } = useServices().words;
  const scroller = useRef<HTMLDivElement>(null);
  const ruler = useRef<HTMLDivElement>(null);
  const [rowHeight, setRowHeight] = useState(0);
  const [active, setActive] = useState(0);
  const wantsFocus = useRef(false);
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0);
  const shown = useRef({ first: 0, last: 0 });

  const height = scroller.current?.clientHeight ?? 600;
  const top = scroller.current?.scrollTop ?? 0;
  const { first, last } = windowOf({ top, height, rowHeight, size: ledger.size });
  shown.current = { first, last };

  function scrolled(): void {
    const list = scroller.current;
    if (list === null || rowHeight === 0) return;
    onTop(list.scrollTop < rowHeight / 2);
    const now = windowOf({ top: list.scrollTop, height: list.clientHeight, rowHeight, size: ledger.size });
    if (now.first !== shown.current.first || now.last !== shown.current.last) redraw(undefined);
  }

  // Text of any size: a row is as high as the ruler, which is set in the text's own units.
  useLayoutEffect(() => {
    const { current: line } = ruler;
    const { current: list } = scroller;
    if (line === null || list === null) return;
    onTop(true);
    const measure = new ResizeObserver(() => {
      setRowHeight(line.offsetHeight);
      redraw(undefined);
    });
    measure.observe(line);
    measure.observe(list);
    return () => measure.disconnect();
  }, [onTop]);

  useEffect(() => {
    if (rowHeight > 0) ledger.look(first, last);
  }, [ledger, first, last, rowHeight, ledger.size]);

  useEffect(() => {
    if (!wantsFocus.current) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-row="${active}"]`);
    if (row === null || row === undefined) return;
    wantsFocus.current = false;
    row.focus({ preventScroll: true });
  });

  function moved(event: KeyboardEvent): void {
    const list = scroller.current;
    const target = keyTarget(event.key, active, Math.floor(height / rowHeight), ledger.size);
    if (list === null || target === undefined) return;
    event.preventDefault();
    wantsFocus.current = true;
    setActive(target);
    const rowTop = target * rowHeight;
    if (rowTop < list.scrollTop) list.scrollTop = rowTop;
    else if (rowTop + rowHeight > list.scrollTop + list.clientHeight)
      list.scrollTop = rowTop + rowHeight - list.clientHeight;
  }

  const rows = [];
  for (let index = first; index < last; index += 1) {
    const exchange = ledger.row(index);
    rows.push(
      <CallRow
        key={index}
        index={index}
        size={ledger.atEnd ? ledger.size : -1}
        exchange={exchange}
        top={index * rowHeight}
        isTabStop={index === Math.max(first, Math.min(active, last - 1))}
        onFocus={setActive}
        onOpen={onOpen}
      />,
    );
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a list whose items are windowed has positions that ul can't say
    <div
      ref={scroller}
      class="calls"
      role="list"
      aria-label={t('activity.list')}
      onScroll={scrolled}
      onKeyDown={moved}
    >
      <div ref={ruler} class="call-ruler" role="presentation" />
      <div class="calls-height" role="presentation" style={{ height: `${ledger.size * rowHeight}px` }}>
        {rows}
      </div>
    </div>
  );
}

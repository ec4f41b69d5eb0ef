import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { useServices } from '../context.ts';
import type { Day } from './days.ts';

const HEIGHT_REM = 11;
const NANO = 1e9;

/** Money by day, as bars; the table under it says the same in words. */
export function DayChart({ days, label }: { readonly days: readonly Day[]; readonly label: string }) {
  const { words } = useServices();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current: element } = place;
    if (element === null) return;
    let chart: uPlot | undefined;
    const draw = (): void => {
      chart?.destroy();
      chart = drawBars(element, days, words);
    };
    const resized = new ResizeObserver(draw);
    resized.observe(element);
    // A canvas has its own colours: it is drawn anew when the desktop turns dark or light.
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener('change', draw);
      chart?.destroy();
    };
  }, [days, words]);
  return <div ref={place} class="chart" role="img" aria-label={label} />;
}

function drawBars(
  element: HTMLElement,
  days: readonly Day[],
  words: ReturnType<typeof useServices>['words'],
): uPlot {
  const style = getComputedStyle(element);
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const font = `${Math.round(rem * 0.8)}px ${style.fontFamily}`;
  const axis = {
    stroke: colour('--muted'),
    font,
    ticks: { show: false },
    grid: { stroke: colour('--line'), width: 1 },
  };
  const numbers = days.map((_, number) => number);
  const bars = uPlot.paths.bars?.({ size: [0.7, 3 * rem] });
  return new uPlot(
    {
      width: element.clientWidth,
      height: HEIGHT_REM * rem,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: [-0.6, days.length - 0.4] },
        y: { range: (_, __, max) => [0, niceTop(max)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 2 * rem,
          space: 6 * rem,
          incrs: [1, 2, 7, 14, 30],
          values: (_, ticks) =>
            ticks.map((tick) => {
              const day = days[tick];
              return day === undefined ? '' : shortDate(day.atMs, words.locale);
            }),
        },
        {
          ...axis,
          size: 5 * rem,
          space: 2.5 * rem,
          values: (_, ticks) => ticks.map((usd) => words.money(usd * NANO)),
        },
      ],
      series: [
        {},
        {
          fill: colour('--accent'),
          width: 0,
          points: { show: false },
          ...(bars !== undefined && { paths: bars }),
        },
      ],
    },
    [numbers, days.map(({ nanoUsd }) => nanoUsd / NANO)],
    element,
  );
}

/** Nothing spent is an empty chart, not one of noise. */
const niceTop = (max: number): number => (max > 0 ? max * 1.1 : 1);

const shortDate = (atMs: number, locale: string): string =>
  new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' }).format(atMs);

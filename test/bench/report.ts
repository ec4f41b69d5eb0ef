/** The table for the docs: figures, ratios against each peer, the design's goals. */

interface Goal {
  readonly what: string;
  /** The figure reached, and whether it meets the goal; undefined if a peer it needs is missing. */
  value(figures: Map<string, Record<string, number>>): number | undefined;
  readonly limit: number;
  readonly unit: string;
}

const of = (figures: Map<string, Record<string, number>>, peer: string, key: string): number | undefined =>
  figures.get(peer)?.[key];

const ratio = (peer: string, key: string) => (figures: Map<string, Record<string, number>>) => {
  const ours = of(figures, 'postern', key);
  const theirs = of(figures, peer, key);
  return ours === undefined || theirs === undefined ? undefined : ours / theirs;
};

const added = (key: string, scale: number) => (figures: Map<string, Record<string, number>>) => {
  const ours = of(figures, 'postern', key);
  const direct = of(figures, 'direct', key);
  return ours === undefined || direct === undefined ? undefined : (ours - direct) / scale;
};

const GOALS: readonly Goal[] = [
  {
    what: 'CPU per governed call, of mitmproxy (c32)',
    value: ratio('mitmproxy', 'c32.cpuUsPerCall'),
    limit: 0.2,
    unit: '×',
  },
  {
    what: 'CPU per governed call, of http-mitm-proxy doing nothing (c32)',
    value: ratio('http-mitm-proxy', 'c32.cpuUsPerCall'),
    limit: 1,
    unit: '×',
  },
  {
    what: 'CPU per governed call, of the raw TLS floor (c32; moonshot)',
    value: ratio('raw TLS floor', 'c32.cpuUsPerCall'),
    limit: 2,
    unit: '×',
  },
  { what: 'added p50 at concurrency 1', value: added('c1.p50Us', 1000), limit: 0.5, unit: 'ms' },
  {
    what: 'first call to a new host, p50',
    value: (figures) => of(figures, 'postern', 'newHost.firstCallP50Ms'),
    limit: 15,
    unit: 'ms',
  },
  {
    what: 'SSE delay per event over direct, p50',
    value: added('sse.delayP50Us', 1000),
    limit: 0.5,
    unit: 'ms',
  },
  {
    what: 'blind tunnel, time of squid',
    value: (figures) => {
      const against = ratio('squid', 'tunnel.mbPerSecond')(figures);
      return against === undefined ? undefined : 1 / against;
    },
    limit: 1,
    unit: '×',
  },
  { what: 'idle CPU', value: (figures) => of(figures, 'postern', 'idle.cpuPercent'), limit: 0.5, unit: '%' },
  { what: 'idle RSS', value: (figures) => of(figures, 'postern', 'idle.rssMb'), limit: 120, unit: 'MB' },
];

const COLUMNS: readonly (readonly [string, string])[] = [
  ['c32.cpuUsPerCall', 'CPU µs/call c32'],
  ['c1.cpuUsPerCall', 'CPU µs/call c1'],
  ['c1.p50Us', 'p50 µs c1'],
  ['c32.p50Us', 'p50 µs c32'],
  ['newHost.firstCallP50Ms', 'new host ms'],
  ['sse.delayP50Us', 'SSE delay µs'],
  ['tunnel.mbPerSecond', 'tunnel MB/s'],
  ['idle.cpuPercent', 'idle CPU %'],
  ['idle.rssMb', 'RSS MB'],
];

export function report(figures: Map<string, Record<string, number>>, missing: readonly string[]): void {
  console.log(`\n| peer | ${COLUMNS.map(([, title]) => title).join(' | ')} |`);
  console.log(`|---|${COLUMNS.map(() => '---').join('|')}|`);
  for (const [name, values] of figures) {
    console.log(`| ${name} | ${COLUMNS.map(([key]) => number(values[key])).join(' | ')} |`);
  }
  console.log('\n| goal | limit | reached | met |\n|---|---|---|---|');
  for (const goal of GOALS) {
    const value = goal.value(figures);
    const met = value === undefined ? 'not measured' : value <= goal.limit ? 'yes' : 'no';
    console.log(`| ${goal.what} | ${goal.limit} ${goal.unit} | ${number(value)} ${goal.unit} | ${met} |`);
  }
  for (const line of missing) console.log(`not measured: ${line}`);
}

export const number = (value: number | undefined): string => {
  if (value === undefined || Number.isNaN(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
};

/**
 * The same metrics as Prometheus text (https://prometheus.io/docs/instrumenting/exposition_formats/), with names as the
 * OpenTelemetry Collector makes them, so that one dashboard reads both
 * (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/).
 */
import {
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';

const UNIT_SUFFIXES: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes', ms: '_milliseconds' };

export function prometheusText({ resource, scopeMetrics }: ResourceMetrics): string {
  const info = sample('target_info', resource.attributes, 1);
  const lines = ['# HELP target_info Target metadata', '# TYPE target_info gauge', info];
  for (const { metrics } of scopeMetrics) for (const metric of metrics) lines.push(...family(metric));
  return `${lines.join('\n')}\n`;
}

export function prometheusName({
  descriptor: { name, unit },
  counter,
}: {
  readonly descriptor: MetricData['descriptor'];
  readonly counter: boolean;
}): string {
  const base = label(name);
  const suffix = UNIT_SUFFIXES[unit] ?? '';
  const withUnit = base.endsWith(suffix) ? base : base + suffix;
  return counter && !withUnit.endsWith('_total') ? `${withUnit}_total` : withUnit;
}

function family(metric: MetricData): string[] {
  const { descriptor } = metric;
  const counter = metric.dataPointType === DataPointType.SUM && metric.isMonotonic;
  const name = prometheusName({ descriptor, counter });
  const isHistogram = metric.dataPointType === DataPointType.HISTOGRAM;
  const lines = [
    `# HELP ${name} ${descriptor.description.replace(/[\\\n]/g, ' ')}`,
    `# TYPE ${name} ${counter ? 'counter' : isHistogram ? 'histogram' : 'gauge'}`,
  ];
  if (metric.dataPointType === DataPointType.HISTOGRAM) {
    for (const { value, attributes } of metric.dataPoints) lines.push(...histogram(name, attributes, value));
  } else if (metric.dataPointType !== DataPointType.EXPONENTIAL_HISTOGRAM) {
    for (const { value, attributes } of metric.dataPoints) lines.push(sample(name, attributes, value));
  }
  return lines;
}

type Attributes = Readonly<Record<string, unknown>>;

function histogram(name: string, attributes: Attributes, { buckets, sum, count }: Histogram): string[] {
  let cumulative = 0;
  const lines = buckets.boundaries.map((boundary, index) => {
    cumulative += buckets.counts[index] ?? 0;
    return sample(`${name}_bucket`, { ...attributes, le: String(boundary) }, cumulative);
  });
  return [
    ...lines,
    sample(`${name}_bucket`, { ...attributes, le: '+Inf' }, count),
    sample(`${name}_sum`, attributes, sum ?? 0),
    sample(`${name}_count`, attributes, count),
  ];
}

function sample(name: string, attributes: Attributes, value: number): string {
  const pairs = Object.entries(attributes)
    .filter(([, given]) => given !== undefined)
    .map(([key, given]) => `${label(key)}="${escapeValue(String(given))}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

const label = (name: string): string => name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(\d)/, '_$1');
const escapeValue = (text: string): string =>
  text.toWellFormed().replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');

/**
 * A time-series store knows of an increase only between two samples: a series that begins with 1, since a rule blocked
 * something for the first time, would never have increased. So each is told as 0 first, and with its figure the next time.
 */
import {
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';

export interface FirstlyZero {
  readonly metrics: ResourceMetrics;
  /** Somebody has it: what was 0 for being new may be told from now on. */
  delivered(): void;
}

export class BornAtZero {
  readonly #known = new Set<string>();

  firstly(collected: ResourceMetrics): FirstlyZero {
    const born = new Set<string>();
    const isNew = (name: string, { attributes }: DataPoint<unknown>): boolean => {
      const key = `${name} ${JSON.stringify(attributes)}`;
      if (this.#known.has(key)) return false;
      born.add(key);
      return true;
    };
    const scopeMetrics = collected.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => withZeros(metric, isNew)),
    }));
    return {
      metrics: { ...collected, scopeMetrics },
      delivered: () => {
        for (const key of born) this.#known.add(key);
      },
    };
  }
}

type IsNew = (name: string, point: DataPoint<unknown>) => boolean;

function withZeros(metric: MetricData, isNew: IsNew): MetricData {
  const { name } = metric.descriptor;
  if (metric.dataPointType === DataPointType.SUM && metric.isMonotonic) {
    const dataPoints = metric.dataPoints.map((point) =>
      isNew(name, point) ? { ...point, value: 0 } : point,
    );
    return { ...metric, dataPoints };
  }
  if (metric.dataPointType === DataPointType.HISTOGRAM) {
    const dataPoints = metric.dataPoints.map((point) =>
      isNew(name, point) ? { ...point, value: emptied(point.value) } : point,
    );
    return { ...metric, dataPoints };
  }
  return metric;
}

const emptied = ({ buckets: { boundaries, counts } }: Histogram): Histogram => ({
  buckets: { boundaries, counts: counts.map(() => 0) },
  sum: 0,
  count: 0,
});

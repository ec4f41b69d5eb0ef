/** What administrators import: each query of the dashboard must ask for something that the agent really emits. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { prometheusText } from '../../agent/src/sync/telemetry/metrics/prometheus.ts';
import { fullMetrics } from '../kit/meter.ts';

/** As Grafana and the Collector write one. */
const variable = (name: string): string => `\${${name}}`;
const FLEET = path.join(import.meta.dirname, '..', '..', 'docs', 'fleet');
const read = (name: string): string => readFileSync(path.join(FLEET, name), 'utf8');

/** The parts of Grafana's dashboard model that decide whether an import works (https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/). */
const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal(variable('datasource')) });
const dashboardSchema = z.object({
  title: z.string().min(1),
  uid: z.string().regex(/^[a-zA-Z0-9_-]{1,40}$/),
  schemaVersion: z.int().min(36),
  time: z.object({ from: z.string(), to: z.string() }),
  templating: z.object({
    list: z.array(
      z.object({
        name: z.string(),
        type: z.enum(['datasource', 'custom']),
        query: z.string(),
        current: z.object({ value: z.string() }).optional(),
      }),
    ),
  }),
  panels: z.array(
    z.object({
      id: z.int().min(1),
      type: z.enum(['stat', 'table', 'timeseries', 'bargauge']),
      title: z.string().min(1),
      datasource,
      gridPos: z.object({
        x: z.int().min(0).max(23),
        y: z.int().min(0),
        w: z.int().min(1).max(24),
        h: z.int().min(1),
      }),
      targets: z
        .array(z.object({ refId: z.string().regex(/^[A-Z]$/), expr: z.string().min(1), datasource }))
        .min(1),
    }),
  ),
});
const dashboard = dashboardSchema.parse(JSON.parse(read('grafana-dashboard.json')));
const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

describe('the Grafana dashboard', () => {
  it('has panels that do not overlap and ids that are used once', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  it('asks only for metrics and labels that the agent emits, and for every fleet question of the issue', async () => {
    const text = prometheusText(await fullMetrics());
    const series = [...text.matchAll(/^([a-z_]+)(?:\{(.*)\})? /gm)];
    const names = new Set(series.map(([, name]) => name));
    const labels = new Set(
      series.flatMap(([, , pairs = '']) => [...pairs.matchAll(/(\w+)="/g)].map(([, label]) => label)),
    );
    // The collector puts these on every series.
    for (const label of ['service_version', 'service_instance_id', 'host_name', 'os_type'])
      expect(labels).toContain(label);
    for (const query of queries) {
      const asked = [...query.matchAll(/\b(postern_[a-z_]+|gen_ai_[a-z_]+)\b/g)].map(([name]) => name);
      expect(asked.length).toBeGreaterThan(0);
      for (const name of asked) expect([...names, ...labels], `${name} in ${query}`).toContain(name);
    }
    const all = queries.join('\n');
    for (const wanted of [
      'count by (service_version, os_type, postern_policy_name, postern_policy_revision)',
      'postern_calls_total',
      'postern_cost_usd_total',
      'postern_rule_hits_total{postern_action="block"',
      'postern_coverage_total{postern_use="uncovered"}',
    ])
      expect(all).toContain(wanted);
  });

  it('shows no group that fewer than five devices stand behind, unless somebody asks for it', () => {
    const least = dashboard.templating.list.find(({ name }) => name === 'least');
    expect(least).toMatchObject({ current: { value: '5' } });
    for (const query of queries.filter((text) =>
      /by \((postern_app|gen_ai_request_model)\) \(rate/.test(text),
    )) {
      expect(query).toContain('>= $least');
    }
    expect(queries.join()).not.toMatch(/user_name|host_name/);
  });

  it('has balanced queries that use only variables which exist', () => {
    const known = new Set([
      '__range',
      '__rate_interval',
      ...dashboard.templating.list.map(({ name }) => name),
    ]);
    for (const query of queries) {
      for (const [open, close] of ['()', '{}', '[]']) {
        expect(query.split(open ?? '').length, query).toBe(query.split(close ?? '').length);
      }
      for (const [, name] of query.matchAll(/\$(\w+)/g)) expect(known).toContain(name);
    }
  });
});

describe('the Collector configuration', () => {
  const component = z.record(z.string(), z.unknown());
  const pipeline = z.strictObject({
    receivers: z.array(z.string()).min(1),
    processors: z.array(z.string()),
    exporters: z.array(z.string()).min(1),
  });
  const schema = z.strictObject({
    receivers: component,
    processors: component,
    exporters: component,
    service: z.strictObject({ pipelines: z.record(z.string(), pipeline), telemetry: component }),
  });
  const config = schema.parse(parse(read('otel-collector.yaml')));

  it('has a pipeline each for logs and metrics whose parts all exist, and leaves none unused', () => {
    const pipelines = Object.values(config.service.pipelines);
    expect(Object.keys(config.service.pipelines).sort()).toEqual(['logs', 'metrics']);
    for (const kind of ['receivers', 'processors', 'exporters'] as const) {
      expect(new Set(pipelines.flatMap((each) => each[kind]))).toEqual(new Set(Object.keys(config[kind])));
    }
  });

  it('listens with TLS, and takes its places from the environment', () => {
    expect(config.receivers['otlp']).toMatchObject({
      protocols: {
        http: {
          endpoint: variable('env:POSTERN_LISTEN'),
          tls: { cert_file: variable('env:POSTERN_TLS_CERT') },
        },
      },
    });
  });
});

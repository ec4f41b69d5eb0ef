/** RFC 4180, one row per record, the same columns for every kind. */
import { type ChainedBody, type ExchangeBody, ruleWord } from './body.ts';

type Cell = string | number | boolean | undefined;
type Exchange = ExchangeBody | undefined;

const COLUMNS: readonly (readonly [name: string, of: (body: ChainedBody, exchange: Exchange) => Cell])[] = [
  ['sequence', (body) => body.sequence],
  ['time', (body) => new Date(body.atMs).toISOString()],
  ['kind', (body) => body.kind],
  ['id', (body) => body.id],
  ['device', (_, exchange) => exchange?.device],
  ['user', (_, exchange) => exchange?.user],
  ['app', (_, exchange) => exchange?.app.id],
  ['app_identified_by', (_, exchange) => exchange?.app.identifiedBy],
  ['key', (_, exchange) => exchange?.key],
  ['service', (_, exchange) => exchange?.service],
  ['host', (_, exchange) => exchange?.host],
  ['operation', (_, exchange) => exchange?.operation],
  ['model', (_, exchange) => exchange?.model],
  ['mode', (_, exchange) => exchange?.mode],
  ['decision', (_, exchange) => exchange?.decision],
  ['effective', (_, exchange) => exchange?.effective],
  ['rules', (_, exchange) => exchange?.rules.map(ruleWord).join(' ')],
  ['findings', (_, exchange) => exchange && countsText(exchange.findings)],
  ['result', (_, exchange) => exchange?.result],
  ['cause', (_, exchange) => exchange?.cause],
  ['status', (_, exchange) => exchange?.status],
  ['request_bytes', (_, exchange) => exchange?.bytes.request],
  ['response_bytes', (_, exchange) => exchange?.bytes.response],
  ['input_tokens', (_, exchange) => exchange?.tokens?.input],
  ['cache_read_tokens', (_, exchange) => exchange?.tokens?.cacheRead],
  ['output_tokens', (_, exchange) => exchange?.tokens?.output],
  ['tokens_estimated', (_, exchange) => exchange?.tokens?.estimated],
  ['nano_usd', (_, exchange) => exchange?.cost?.nanoUsd],
  ['cost_estimated', (_, exchange) => exchange?.cost?.estimated],
  ['added_ms', (_, exchange) => exchange?.addedMs],
  ['code', (body) => (body.kind === 'event' ? body.code : undefined)],
  ['detail', (body) => (body.kind === 'event' ? body.detail : undefined)],
  ['dropped', (body) => (body.kind === 'dropped' ? body.count : undefined)],
  ['policy', (body) => policyText(body)],
  ['previous', (body) => body.previous],
  // Of later versions: at the end, since tables are read by position too.
  ['app_process', (_, exchange) => exchange?.app.process?.name],
];

export const CSV_HEADER = COLUMNS.map(([name]) => name).join(',');

export function csvLine(body: ChainedBody): string {
  const exchange = body.kind === 'exchange' ? body : undefined;
  return COLUMNS.map(([, of]) => cell(of(body, exchange))).join(',');
}

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([kind, count]) => `${kind}=${count}`)
    .join(' ');

const policyText = (body: ChainedBody): string | undefined =>
  body.kind === 'dropped' || body.policy === undefined
    ? undefined
    : `${body.policy.name}@${body.policy.revision}`;

function cell(value: Cell): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  // A spreadsheet runs a cell that begins like a formula, and a model's name is the caller's to choose
  // (https://owasp.org/www-community/attacks/CSV_Injection).
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

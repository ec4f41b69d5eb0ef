import type { Database } from 'better-sqlite3';
import type { ChainedBody } from '../audit/body.ts';
import type { ExchangeFilter, ExchangePage, StoredExchange } from './query.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000;
const SELECT = `
  SELECT audit.body AS body, contents.request AS request, contents.response AS response
  FROM exchanges JOIN audit USING (sequence) LEFT JOIN contents USING (sequence)`;

/** Names only: what people wrote isn't in the body, and stored text isn't searched. */
const SEARCHED = `(
  exchanges.id LIKE :idStart ESCAPE '\\'
  OR exchanges.app LIKE :search ESCAPE '\\'
  OR exchanges.service LIKE :search ESCAPE '\\'
  OR exchanges.model LIKE :search ESCAPE '\\'
  OR json_extract(audit.body, '$.app.name') LIKE :search ESCAPE '\\'
  OR json_extract(audit.body, '$.host') LIKE :search ESCAPE '\\'
  OR json_extract(audit.body, '$.findings') LIKE :search ESCAPE '\\'
  OR EXISTS (SELECT 1 FROM json_each(audit.body, '$.rules') AS rule
    WHERE json_extract(rule.value, '$.rule') LIKE :search ESCAPE '\\'))`;

const escaped = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
const likePattern = (text: string): string => `%${escaped(text)}%`;

interface Row {
  readonly body: string;
  readonly request: string | null;
  readonly response: string | null;
}

/** Newest first. */
export function listExchanges(
  database: Database,
  page: ExchangePage = {},
  filter: ExchangeFilter = {},
): readonly StoredExchange[] {
  const conditions = ['exchanges.sequence < :before', 'exchanges.started_at_ms >= :sinceMs'];
  if (filter.app !== undefined) conditions.push('exchanges.app = :app');
  if (filter.model !== undefined) conditions.push('exchanges.model = :model');
  if (filter.service !== undefined) conditions.push('exchanges.service = :service');
  if (filter.effective !== undefined) conditions.push('exchanges.effective = :effective');
  if (filter.untilMs !== undefined) conditions.push('exchanges.started_at_ms < :untilMs');
  if (filter.stopped === true) conditions.push("exchanges.effective IN ('block', 'justify')");
  if (filter.search !== undefined) conditions.push(SEARCHED);
  return database
    .prepare<[object], Row>(
      `${SELECT} WHERE ${conditions.join(' AND ')} ORDER BY exchanges.sequence DESC LIMIT :limit`,
    )
    .all({
      ...filter,
      stopped: undefined,
      untilMs: Math.round(filter.untilMs ?? 0),
      search: likePattern(filter.search ?? ''),
      idStart: `${escaped(filter.search ?? '')}%`,
      before: page.before ?? Number.MAX_SAFE_INTEGER,
      sinceMs: Math.round(filter.sinceMs ?? 0),
      limit: Math.max(1, Math.min(page.limit ?? DEFAULT_LIMIT, MAX_LIMIT)),
    })
    .flatMap(storedExchange);
}

/** By the decision id that the caller saw. A WebSocket's several messages may share one: the newest is returned. */
export function findExchange(database: Database, id: string): StoredExchange | undefined {
  return database
    .prepare<[string], Row>(`${SELECT} WHERE audit.id = ? ORDER BY exchanges.sequence DESC LIMIT 1`)
    .all(id)
    .flatMap(storedExchange)[0];
}

function storedExchange(row: Row): StoredExchange[] {
  const body = JSON.parse(row.body) as ChainedBody;
  if (body.kind !== 'exchange') return [];
  if (row.request === null && row.response === null) return [body];
  const content = {
    ...(row.request === null ? {} : { request: row.request }),
    ...(row.response === null ? {} : { response: row.response }),
  };
  return [{ ...body, content }];
}

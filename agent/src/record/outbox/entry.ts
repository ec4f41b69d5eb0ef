/**
 * A record as named attributes: OpenTelemetry's generative-AI conventions where they have a word
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/), `postern.` for the rest. Nothing that a person wrote.
 */
import type { EntryValue } from '../../core/outbox.ts';
import { operationName, providerName, SEMCONV } from '../../core/semantic-conventions.ts';
import { type ChainedBody, type ExchangeBody, ruleWord } from '../audit/body.ts';

export const entryName = (body: ChainedBody): string =>
  body.kind === 'exchange'
    ? 'postern.ai_call'
    : `postern.${body.kind === 'event' ? body.code : 'records-dropped'}`;

export function entryText(body: ChainedBody): string {
  if (body.kind === 'event') return body.detail;
  if (body.kind === 'dropped') return `${body.count} records could not be kept`;
  const rules = body.rules.filter(({ action }) => action !== 'allow').map(ruleWord);
  const why = rules.length === 0 ? '' : ` (${rules.join(', ')})`;
  return `${body.app.id} to ${body.service}${body.model === undefined ? '' : ` ${body.model}`}: ${body.effective}${why}`;
}

export function entryAttributes(body: ChainedBody): Record<string, EntryValue | undefined> {
  const common = { 'postern.sequence': body.sequence, 'postern.record.id': body.id };
  if (body.kind === 'exchange') return { ...common, ...callAttributes(body) };
  if (body.kind === 'dropped') return { ...common, 'postern.dropped': body.count };
  return {
    ...common,
    'postern.event.code': body.code,
    'postern.policy.name': body.policy?.name,
    'postern.policy.revision': body.policy?.revision,
  };
}

const callAttributes = (body: ExchangeBody): Record<string, EntryValue | undefined> => ({
  [SEMCONV.operation]: operationName(body.operation),
  [SEMCONV.provider]: providerName(body.service),
  [SEMCONV.model]: body.model,
  [SEMCONV.inputTokens]: body.tokens?.input,
  [SEMCONV.outputTokens]: body.tokens?.output,
  [SEMCONV.cachedTokens]: body.tokens?.cacheRead,
  'server.address': body.host,
  [SEMCONV.userName]: body.user,
  'http.response.status_code': body.status,
  'postern.service': body.service,
  'postern.app.id': body.app.id,
  'postern.app.identified_by': body.app.identifiedBy,
  'postern.mode': body.mode,
  'postern.decision': body.decision,
  'postern.effective': body.effective,
  'postern.rules': body.rules.map(ruleWord),
  'postern.findings': Object.entries(body.findings).map(([kind, count]) => `${kind}=${count}`),
  'postern.result': body.result,
  'postern.cause': body.cause,
  'postern.request.bytes': body.bytes.request,
  'postern.response.bytes': body.bytes.response,
  'postern.cost.nano_usd': body.cost?.nanoUsd,
  'postern.cost.estimated': body.cost?.estimated,
  'postern.duration_ms': body.durationMs,
  'postern.added_ms': body.addedMs,
  'postern.key': body.key,
  'postern.policy.name': body.policy.name,
  'postern.policy.revision': body.policy.revision,
});

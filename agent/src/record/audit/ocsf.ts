/**
 * OCSF 1.8 API Activity (class 6003) with the `ai_operation` profile, which there is since that version
 * (https://schema.ocsf.io/1.8.0/classes/api_activity?profiles=ai_operation). The log's own events have no API call to
 * describe: they are Application Lifecycle (6002) "Other".
 */

import type { ChainedBody, ExchangeBody } from './body.ts';
import type { Json } from './canonical.ts';

const VERSION = '1.8.0';
const APPLICATION_ACTIVITY = 6;
const API_ACTIVITY = 6003;
const LIFECYCLE = 6002;
const OTHER = 99;

export function ocsfEvent(body: ChainedBody): Json {
  return body.kind === 'exchange' ? apiActivity(body) : lifecycle(body);
}

function apiActivity(body: ExchangeBody & ChainedBody): Json {
  const blocked = body.effective === 'block';
  return {
    ...classOf(API_ACTIVITY, 'API Activity', blocked ? 4 : body.effective === 'allow' ? 1 : 3),
    activity_name: body.operation,
    time: body.atMs,
    duration: Math.round(body.durationMs),
    metadata: metadata(body, ['ai_operation', 'host', 'security_control']),
    actor: {
      user: { name: body.user },
      app_name: body.app.name,
      app_uid: body.app.id,
      ...(body.app.process && { process: { name: body.app.process.name, pid: body.app.process.pid } }),
    },
    device: { hostname: body.device, type_id: 0, type: 'Unknown' },
    api: { operation: body.operation, service: { name: body.service }, response: response(body) },
    src_endpoint: { hostname: body.device },
    dst_endpoint: { hostname: body.host, svc_name: body.service },
    // Disposition: 1 Allowed, 2 Blocked, 11 Corrected. Action: 1 Allowed, 2 Denied, 4 Modified.
    disposition_id: blocked ? 2 : body.effective === 'redact' ? 11 : 1,
    action_id: blocked ? 2 : body.effective === 'redact' ? 4 : 1,
    status_id: body.result === 'complete' ? 1 : 2,
    status_detail: body.cause,
    ...(body.model === undefined ? {} : { ai_model: { name: body.model, ai_provider: body.service } }),
    message_context: {
      application: { name: body.app.name, uid: body.app.id },
      service: { name: body.service },
      ...(body.tokens === undefined ? {} : tokens(body.tokens)),
    },
    policy: { name: body.policy.name, version: body.policy.revision },
    unmapped: {
      decision: body.decision,
      effective: body.effective,
      mode: body.mode,
      rules: body.rules.map(({ rule, action, shadow }) => ({ rule, action, shadow })),
      findings: body.findings,
      bytes: body.bytes,
      nano_usd: body.cost?.nanoUsd,
      sequence: body.sequence,
    },
  };
}

function lifecycle(body: Exclude<ChainedBody, ExchangeBody>): Json {
  const dropped = body.kind === 'dropped';
  return {
    ...classOf(LIFECYCLE, 'Application Lifecycle', dropped ? 4 : 1),
    time: body.atMs,
    metadata: metadata(body, []),
    app: { name: 'Postern', vendor_name: 'Postern' },
    activity_name: dropped ? 'records-dropped' : body.code,
    message: dropped ? `${body.count} records dropped` : body.detail,
    ...(dropped ? { count: body.count } : {}),
    unmapped: { sequence: body.sequence },
  };
}

const classOf = (classUid: number, className: string, severityId: number) => ({
  class_uid: classUid,
  class_name: className,
  category_uid: APPLICATION_ACTIVITY,
  category_name: 'Application Activity',
  activity_id: OTHER,
  type_uid: classUid * 100 + OTHER,
  severity_id: severityId,
});

const metadata = (body: ChainedBody, profiles: readonly string[]) => ({
  version: VERSION,
  uid: body.id,
  sequence: body.sequence,
  profiles,
  product: { name: 'Postern', vendor_name: 'Postern' },
});

const response = (body: ExchangeBody): Json => (body.status === undefined ? {} : { code: body.status });

const tokens = (counts: NonNullable<ExchangeBody['tokens']>) => ({
  ...(counts.input === undefined ? {} : { prompt_tokens: counts.input }),
  ...(counts.output === undefined ? {} : { completion_tokens: counts.output }),
  total_tokens: (counts.input ?? 0) + (counts.output ?? 0),
});

import { headerValue } from '../core/connection.ts';
import type { Decision } from '../core/decision.ts';
import type { RequestHead } from '../core/flow.ts';
import type { ProcessIdentity } from '../core/process.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { CallContext } from '../decide/evaluation.ts';
import type { Location } from '../decide/location.ts';
import type { JourneyPorts } from './ports.ts';
import { isUpload } from './read-body.ts';

/** Who calls what, from the head of a request. */
export function callOf(
  ports: JourneyPorts,
  policy: CompiledPolicy,
  head: RequestHead,
  location: Location,
  process: ProcessIdentity | undefined,
): CallContext {
  const app = policy.identifyApp(head.headers, process);
  const nowMs = ports.nowMs();
  return {
    id: ports.newId(),
    nowMs,
    user: ports.user(),
    device: ports.device,
    app,
    location,
    readableAsText: isReadableAsText(head),
    ...(ports.vault !== undefined && { vault: ports.vault }),
    exceptionFor: (ruleId) => ports.exceptionFor?.(ruleId, app.id, ports.nowMs()),
  };
}

/** The decision's place until the body has been read; an abort before that leaves it as the record. */
export function pendingDecision(policy: CompiledPolicy, call: CallContext): Decision {
  return {
    id: call.id,
    decision: 'allow',
    effective: 'allow',
    mode: call.location.service.defaultMode,
    service: call.location.service.id,
    app: call.app,
    model: undefined,
    operation: call.location.operation,
    reasons: [],
    edits: [],
    policy: policy.identity,
  };
}

const TEXT_TYPES =
  /^(application\/(?!grpc\+|connect\+)(json|x-ndjson|x-www-form-urlencoded|[\w.+-]+\+json|(x-)?proto(buf)?\b|grpc-web\b)|text\/|multipart\/(form-data|related|mixed))/i;

/**
 * Bodies that can be checked as text or as a file though no dialect knows them; the strings of a protobuf message stand in it as
 * they are. A streaming call (gRPC, Connect) must not be held: its client may wait for an answer before it goes on.
 */
function isReadableAsText(head: RequestHead): boolean {
  const type = headerValue(head.headers, 'content-type') ?? '';
  return head.hasBody && !head.webSocket && (TEXT_TYPES.test(type) || isUpload(type));
}

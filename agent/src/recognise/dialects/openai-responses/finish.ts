import type { ExchangeEvent, FinishReason } from '../../../core/exchange.ts';
import { asArray, asRecord, asString, type JsonRecord } from '../../json/values.ts';

/** Calls that the client has to carry out before the model goes on. */
const CLIENT_CALLS: ReadonlySet<string> = new Set([
  'function_call',
  'custom_tool_call',
  'computer_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
  'mcp_approval_request',
]);

/** How a response ended; a background response that hasn't is a pause. */
export function finishOf(response: JsonRecord): Extract<ExchangeEvent, { type: 'end' }> {
  const status = asString(response['status']);
  const details = asString(asRecord(response['incomplete_details'])?.['reason']);
  return { type: 'end', reason: reasonOf(response, status, details), rawReason: details ?? status };
}

function reasonOf(
  response: JsonRecord,
  status: string | undefined,
  details: string | undefined,
): FinishReason {
  switch (status) {
    case 'failed':
      return 'error';
    case 'queued':
    case 'in_progress':
      return 'pause';
    case 'incomplete':
      if (details === 'max_output_tokens') return 'length';
      return details === 'content_filter' ? 'content-filter' : 'other';
    case 'completed':
    case undefined:
      return completedReason(asArray(response['output']));
    default:
      return 'other';
  }
}

function completedReason(output: readonly unknown[]): FinishReason {
  let reason: FinishReason = 'stop';
  for (const value of output) {
    const item = asRecord(value);
    if (CLIENT_CALLS.has(asString(item?.['type']) ?? '')) return 'tool-calls';
    if (asArray(item?.['content']).some((part) => asRecord(part)?.['type'] === 'refusal')) reason = 'refusal';
  }
  return reason;
}

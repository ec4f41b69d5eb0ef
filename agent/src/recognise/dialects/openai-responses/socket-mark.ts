import type { SocketMark } from '../../../core/dialect.ts';
import { asRecord, asString, parseJson } from '../../json/values.ts';

const OTHER: SocketMark = { type: 'other', lane: undefined, responseId: undefined };

/** Only messages with one of these need a closer look; most are deltas on the connection's own lane. */
const MARKED = /"stream_id"|"response\.(?:create|created|steer)/;

/**
 * https://developers.openai.com/api/docs/guides/websocket-mode: events echo the `stream_id` of their
 * `response.create`; a `response.steer` names the response that it steers instead.
 */
export function markOf(message: string): SocketMark {
  if (!MARKED.test(message)) return OTHER;
  const event = asRecord(parseJson(message));
  if (event === undefined) return OTHER;
  const lane = asString(event['stream_id']) ?? asString(asRecord(event['response'])?.['stream_id']);
  switch (event['type']) {
    case 'response.create':
      return { type: 'call', lane, responseId: undefined };
    case 'response.steer':
      return { type: 'steer', lane, responseId: asString(event['previous_response_id']) };
    case 'response.created':
      return { type: 'started', lane, responseId: asString(asRecord(event['response'])?.['id']) };
    case 'response.steer.pending':
    case 'response.steer.failed':
      return {
        type: 'steer-over',
        lane,
        responseId: asString(asRecord(event['steer'])?.['previous_response_id']),
      };
    default:
      return { type: 'other', lane, responseId: undefined };
  }
}

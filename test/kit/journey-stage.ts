/** One flow of the real journey, without sockets: what the edge would be told to do with a request. */
import type { Flow, RequestVerdict } from '../../agent/src/core/flow.ts';
import type { ExchangeRecord } from '../../agent/src/core/records.ts';
import type { CompiledPolicy } from '../../agent/src/decide/compile.ts';
import { createJourney } from '../../agent/src/journey.ts';
import { NOW_MS, starterOf } from './decide.ts';

export interface StageOptions {
  readonly host?: string;
  readonly path: string;
  readonly method?: string;
  /** Besides Host. */
  readonly headers?: readonly string[];
  readonly policy?: CompiledPolicy;
  readonly webSocket?: boolean;
}

export interface JourneyStage {
  readonly flow: Flow;
  readonly records: ExchangeRecord[];
  /** How often the event loop was let go. */
  pauses(): number;
}

export function openStage(options: StageOptions): JourneyStage {
  const {
    host = 'api.openai.com',
    headers = ['content-type', 'application/json'],
    webSocket = false,
  } = options;
  const policy = options.policy ?? starterOf('baseline');
  const records: ExchangeRecord[] = [];
  let pauses = 0;
  let id = 0;
  const journey = createJourney({
    policy: () => policy,
    scan: (detector, text) => detector.scan(text),
    pause: async () => void pauses++,
    recorder: {
      exchange: (record) => void records.push(record),
      event: () => undefined,
      flush: async () => undefined,
    },
    nowMs: () => NOW_MS,
    newId: () => `id-${++id}`,
    device: 'laptop',
    user: () => 'ann',
  });
  const authority = { host, port: 443 };
  const connection = {
    id: 'connection',
    openedAtMs: NOW_MS,
    target: authority,
    clientPort: 1,
    serverName: host,
    protocol: 'http/1.1',
  } as const;
  const head = {
    method: options.method ?? 'POST',
    scheme: 'https',
    authority,
    path: options.path,
    headers: ['Host', host, ...headers],
    httpVersion: '1.1',
    webSocket,
    hasBody: !webSocket,
  } as const;
  return { flow: journey.openFlow(head, connection), records, pauses: () => pauses };
}

export const verdictOn = async (stage: JourneyStage, body: string | Uint8Array): Promise<RequestVerdict> =>
  stage.flow.requestBody(Buffer.from(body));

/** The body of a refusal, or `forwarded`. */
export const refusalText = (verdict: RequestVerdict): string =>
  verdict.type === 'refuse' ? verdict.response.body : 'forwarded';

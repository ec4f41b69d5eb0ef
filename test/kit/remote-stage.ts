/** The journey with one remote rule and a service on loopback that stands for another company's. */
import type { RequestHead } from '../../agent/src/core/flow.ts';
import type { ExchangeRecord } from '../../agent/src/core/records.ts';
import { createJourney } from '../../agent/src/journey.ts';
import { sendToLoopback } from '../../agent/src/sync/loopback-http.ts';
import { createRemoteChecks } from '../../agent/src/sync/remote-checks/remote-checks.ts';
import { type Answer, type CheckService, startCheckService } from './check-service.ts';
import { NOW_MS, policyOf } from './decide.ts';

const services: CheckService[] = [];

export async function closeServices(): Promise<void> {
  for (const service of services.splice(0)) await service.close();
}

/** A Presidio that knows falcons; answers are code points, as Presidio's are. */
export const FALCONS: Answer = ({ body }) => {
  const at = [...String(body['text'])].join('\u0000').split('\u0000').join('').indexOf('falcon');
  return at < 0
    ? []
    : [
        {
          entity_type: 'CODE_NAME',
          start: [...String(body['text']).slice(0, at)].length,
          end: [...String(body['text']).slice(0, at)].length + 6,
          score: 0.9,
        },
      ];
};

export async function remoteStage(rule: string, answer: Answer = FALCONS) {
  const service = await startCheckService(answer);
  services.push(service);
  const checks = createRemoteChecks({
    send: sendToLoopback,
    credentialsDirectory: '/nowhere',
    nowMs: () => performance.now(),
    dateMs: () => NOW_MS,
    log: () => undefined,
  });
  const yaml = `guardrails: [{ id: names, detect: remote, provider: presidio, url: ${service.url}/analyze, timeoutMs: 400, ${rule} }]`;
  const compiled = policyOf(yaml, (one) => checks.checkFor(one));
  const records: ExchangeRecord[] = [];
  const tracked: Promise<void>[] = [];
  const journey = createJourney({
    policy: () => compiled,
    scan: (detector, text) => detector.scan(text),
    recorder: {
      exchange: (record) => void records.push(record),
      event: () => undefined,
      flush: async () => undefined,
    },
    nowMs: () => NOW_MS,
    newId: () => 'd-1',
    track: (work) => void tracked.push(work),
    device: 'laptop',
    user: () => 'ann',
  });
  const head: RequestHead = {
    method: 'POST',
    scheme: 'https',
    authority: { host: 'api.anthropic.com', port: 443 },
    path: '/v1/messages',
    headers: ['content-type', 'application/json'],
    httpVersion: '1.1',
    webSocket: false,
    hasBody: true,
  };
  const open = (host = head.authority.host, path = head.path) =>
    journey.openFlow(
      { ...head, authority: { host, port: 443 }, path },
      {} as Parameters<typeof journey.openFlow>[1],
    );
  return { service, records, tracked, open };
}

export const bodyOf = (text: string, stream = false): Buffer =>
  Buffer.from(
    JSON.stringify({
      model: 'claude-opus-5',
      max_tokens: 5,
      stream,
      messages: [{ role: 'user', content: text }],
    }),
  );
export const DONE = {
  result: 'complete',
  cause: undefined,
  requestBytes: 1,
  responseBytes: 1,
  addedMs: 0,
} as const;
export const SILENT: Answer = () => undefined;
export const answerOf = (text: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-5',
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    }),
  );

/** Anthropic's events of an answer that comes in these pieces. */
export function streamOf(pieces: readonly string[]): string[] {
  const events = [
    {
      type: 'message_start',
      message: { id: 'm', model: 'claude-opus-5', usage: { input_tokens: 1, output_tokens: 1 } },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...pieces.map((text) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text },
    })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_stop' },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** The text that an Anthropic stream says. */
export const textOfStream = (stream: string): string =>
  [...stream.matchAll(/^data: (.*)$/gm)]
    .map(([, data = '{}']) => JSON.parse(data) as { delta?: { text?: string } })
    .map(({ delta }) => delta?.text ?? '')
    .join('');

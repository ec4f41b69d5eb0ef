/**
 * What it costs an answer to wait for another service: the time that each event of a stream is held, with a service that
 * takes 20 ms (or argument 1), for a model that says a token every 10 ms (or argument 2).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResponseCommand } from '../../agent/src/core/flow.ts';
import { bodyOf, closeServices, DONE, FALCONS, remoteStage, streamOf } from '../kit/remote-stage.ts';

const [serviceMs = 20, tokenMs = 10] = process.argv.slice(2).map(Number);
/** No two alike: what was asked before isn't asked again. */
const text = Array.from(
  { length: 40 },
  (_, index) => `Postern ${index} is a small door in a wall beside a gate, and few people know of it. `,
).join('');
const tokens = text.match(/.{1,5}/gs) ?? [];

for (const windowChars of [100, 200, 400, 1000]) {
  const stage = await remoteStage(
    `on: [response], action: block, windowChars: ${windowChars}`,
    async (asked, response) => {
      await sleep(serviceMs);
      return FALCONS(asked, response);
    },
  );
  const flow = stage.open();
  await flow.requestBody(bodyOf('hello', true));
  const { late } = flow.responseHead(200, ['content-type', 'text/event-stream']);
  const arrivedAt: number[] = [];
  const delays: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const pass = (commands: readonly ResponseCommand[]): void => {
    for (const _ of commands) delays.push(performance.now() - (arrivedAt[delays.length] ?? 0));
  };
  late?.listen((take) => {
    pass(take());
    if (!late.waiting) resolve();
  });
  for (const event of streamOf(tokens)) {
    arrivedAt.push(performance.now());
    pass(flow.responseData(Buffer.from(event)));
    await sleep(tokenMs);
  }
  const endedAt = performance.now();
  pass(flow.responseEnd());
  if (late?.waiting) await promise;
  const atEndMs = performance.now() - endedAt;
  await flow.finish(DONE);
  delays.sort((a, b) => a - b);
  const at = (share: number): string => (delays[Math.floor(delays.length * share)] ?? 0).toFixed(0);
  process.stdout.write(
    `windows of ${windowChars}: ${delays.length} events, held p50 ${at(0.5)} ms, p95 ${at(0.95)} ms; the end ${atEndMs.toFixed(0)} ms late; ${stage.service.asked.length} questions\n`,
  );
}
await closeServices();

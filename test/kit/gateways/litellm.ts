/**
 * A contract server for LiteLLM's proxy. Its refusals and quotas are those that the real one gave, with keys in a file and
 * with its database (fixtures/litellm, by `npm run test:gateways -- --record`).
 */
import { type ContractServer, type Said, startContractServer, WEB_PAGE } from './contract-server.ts';
import type { Refusal } from './gateway-under-test.ts';
import { readRecording, saidBy } from './recordings.ts';

const KEY = 'sk-litellm-virtual-key-of-the-test';
const RESETS_IN_MS = 7_000;

export const startLitellm = (): Promise<ContractServer> =>
  startContractServer({
    title: `LiteLLM (contract server, ${readRecording('litellm', 'budget').recorded})`,
    kind: 'litellm',
    key: KEY,
    keyHeader: 'authorization',
    keyOf: (headers) => {
      const found = headers['x-litellm-api-key'] ?? headers.authorization;
      return typeof found === 'string' ? found.replace(/^Bearer /, '') : undefined;
    },
    modelPath: (path) =>
      /^\/v1\/(chat\/completions|responses|embeddings|messages|models)|^\/v1beta\/models/.test(path)
        ? path
        : undefined,
    refusal,
    quotaPath: '/key/info',
    quota: () => JSON.parse(readRecording('litellm', 'quota').answers[0]?.body ?? '{}'),
    healthPath: '/health/liveliness',
  });

function refusal(how: Refusal, path: string): Said {
  if (how === 'web-page') return WEB_PAGE;
  if (how === 'stream-error') {
    const error = {
      error: { message: 'stopped by guardrail pii-out', type: 'None', param: 'None', code: '500' },
    };
    return { status: 200, body: `data: ${JSON.stringify(error)}\n\n` };
  }
  const answers = readRecording('litellm', how).answers.filter(({ status }) => status >= 400);
  // What is said to a path that was never asked, it says to every path.
  const answer = answers.find((one) => one.path === path) ?? answers[0];
  if (answer === undefined) throw new Error(`nothing was recorded for ${how}`);
  return saidBy(answer, new Date(Date.now() + RESETS_IN_MS));
}

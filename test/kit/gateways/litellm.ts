/**
 * A contract server for LiteLLM's proxy. Its refusals and quotas are those that the real one gave
 * (fixtures/litellm, by `npm run test:gateways -- --record`); what needs its database is written from its documentation.
 */
import { type ContractServer, type Said, startContractServer, WEB_PAGE } from './contract-server.ts';
import type { Refusal } from './gateway-under-test.ts';
import { readRecording, saidBy } from './recordings.ts';

const KEY = 'sk-litellm-virtual-key-of-the-test';
const RESETS_IN_MS = 7_000;

/** Of a team's models, which the proxy keeps in its database: not recorded. */
const DOCUMENTED: Partial<Record<Refusal, readonly [number, string, string]>> = {
  provider: [403, 'team_model_access_denied', 'team not allowed to access model.'],
};

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
  const documented = DOCUMENTED[how];
  if (documented !== undefined) {
    const [status, type, message] = documented;
    return {
      status,
      body: JSON.stringify({ error: { message, type, param: 'model', code: String(status) } }),
    };
  }
  const { answers } = readRecording('litellm', how);
  // What is said to a path that was never asked, it says to every path.
  const answer = answers.find((one) => one.path === path) ?? answers[0];
  if (answer === undefined) throw new Error(`nothing was recorded for ${how}`);
  return saidBy(answer, new Date(Date.now() + RESETS_IN_MS));
}

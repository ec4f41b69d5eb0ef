/**
 * A contract server for Bifrost. Its refusals and quotas are those that the real one gave (fixtures/bifrost, by
 * `npm run test:gateways -- --record`); guardrails belong to its enterprise version and are written from its documentation
 * (docs.getbifrost.ai).
 */
import { type ContractServer, type Said, startContractServer, WEB_PAGE } from './contract-server.ts';
import type { Refusal } from './gateway-under-test.ts';
import { readRecording, recordedAnswer, saidBy } from './recordings.ts';

const KEY = 'sk-bf-virtual-key-of-the-test';

const QUOTA_PATH = '/api/governance/virtual-keys/quota';

const NATIVE: readonly (readonly [RegExp, string])[] = [
  [/^\/openai(?=\/v1\/(chat\/completions|responses|embeddings|models))/, ''],
  [/^\/anthropic(?=\/v1\/(messages|models))/, ''],
  [/^\/genai(?=\/v1beta\/models)/, ''],
  [/^(?=\/v1\/(chat\/completions|responses|embeddings|models))/, ''],
  [/^\/(openai|anthropic|genai)_passthrough(?=\/)/, ''],
];

export const startBifrost = (): Promise<ContractServer> =>
  startContractServer({
    title: `Bifrost (contract server, ${readRecording('bifrost', 'budget').recorded})`,
    kind: 'bifrost',
    key: KEY,
    keyHeader: 'x-bf-vk',
    keyOf: (headers) => headers['x-bf-vk'] as string | undefined,
    modelPath: (path) => {
      const found = NATIVE.find(([pattern]) => pattern.test(path));
      return found && path.replace(found[0], found[1]);
    },
    jsonType: (path) =>
      recordedAnswer('bifrost', 'free', path.includes('_passthrough/') ? 'messageThrough' : 'message')
        .headers['content-type'],
    refusal,
    quotaPath: QUOTA_PATH,
    quota: () => JSON.parse(recordedAnswer('bifrost', 'quota', 'free').body),
    healthPath: '/health',
  });

function refusal(how: Refusal, path: string): Said {
  if (how === 'web-page') return WEB_PAGE;
  if (how === 'stream-error') {
    const error = {
      type: 'error',
      error: { type: 'guardrail_violation', message: 'stopped by guardrail pii-out' },
    };
    return { status: 200, body: `event: error\ndata: ${JSON.stringify(error)}\n\n` };
  }
  if (how === 'guardrail') return guardrail(path);
  if (path.startsWith(QUOTA_PATH)) return saidBy(recordedAnswer('bifrost', 'quota', 'unknown'), new Date());
  // Streams don't time out: they are answered late.
  const answers = readRecording('bifrost', how).answers.filter(({ status }) => status >= 400);
  // What is said to a path that was never asked, it says to all below the same vendor's.
  const below = path.split('/')[1] ?? '';
  const answer =
    answers.find((one) => one.path === path) ?? answers.find((one) => one.path.startsWith(`/${below}/`));
  if (answer === undefined) throw new Error(`nothing was recorded for ${how} at ${path}`);
  return saidBy(answer, new Date());
}

/** Under `/anthropic` the governance type gives way to Anthropic's. */
function guardrail(path: string): Said {
  const message = 'guardrail blocked the request';
  const type = 'guardrail_violation';
  const details = { guardrail_id: 'pii-in', validation_stage: 'input', violations: [{ type: 'us-ssn' }] };
  const body = path.startsWith('/anthropic/')
    ? { type: 'error', error: { type: 'invalid_request_error', message: `${message}: pii-in` } }
    : { status_code: 446, error: { type, message, details } };
  return { status: 446, body: JSON.stringify(body) };
}

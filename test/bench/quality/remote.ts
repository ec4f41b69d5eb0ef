/**
 * Whether what other services say comes through as they said it, and what asking costs: each provider against a server
 * on loopback that follows its published shapes (the same as in the providers' tests) and knows a falcon when it sees one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sendToLoopback } from '../../../agent/src/sync/loopback-http.ts';
import { createRemoteChecks } from '../../../agent/src/sync/remote-checks/remote-checks.ts';
import { type Answer, startCheckService } from '../../kit/check-service.ts';
import { createRandom, ofShape } from '../../kit/random-text.ts';
import { remoteRule } from '../../sync/remote-checks/rule.ts';

interface Trial {
  readonly name: string;
  readonly rule: object;
  readonly credential?: string;
  readonly under?: string;
  /** False where the service speaks of whole texts only. */
  readonly says: 'where' | 'whether';
  readonly answer: Answer;
}

const TEXTS = 200;
const WORD = 'falcon';
const inCodePoints = (text: string): number => [...text.slice(0, text.indexOf(WORD))].length;
const knows = (text: unknown): boolean => String(text).includes(WORD);

const TRIALS: readonly Trial[] = [
  {
    name: 'presidio',
    rule: { provider: 'presidio' },
    under: '/analyze',
    says: 'where',
    answer: ({ body }) => {
      const text = String(body['text']);
      const start = inCodePoints(text);
      return knows(text) ? [{ entity_type: 'NAME', start, end: start + WORD.length, score: 0.9 }] : [];
    },
  },
  {
    name: 'azure-content-safety',
    rule: { provider: 'azure-content-safety' },
    credential: 'key',
    says: 'where',
    answer: ({ path: asked, body }) =>
      asked.includes('text:analyze')
        ? {
            blocklistsMatch: knows(body['text'])
              ? [{ blocklistName: 'names', blocklistItemId: '1', blocklistItemText: WORD }]
              : [],
            categoriesAnalysis: [{ category: 'Hate', severity: 0 }],
          }
        : { userPromptAnalysis: { attackDetected: false }, documentsAnalysis: [] },
  },
  {
    name: 'patronus',
    rule: { provider: 'patronus', evaluators: [{ evaluator: 'judge', criteria: 'patronus:names' }] },
    credential: 'key',
    under: '/v1/evaluate',
    says: 'whether',
    answer: ({ body }) => ({
      results: [
        {
          evaluator_id: 'judge',
          criteria: 'patronus:names',
          status: 'success',
          error_message: null,
          evaluation_result: { pass: !knows(body['evaluated_model_input']) },
        },
      ],
    }),
  },
  {
    name: 'bedrock',
    rule: { provider: 'bedrock', region: 'eu-north-1', guardrailId: 'gr1abc', guardrailVersion: '3' },
    credential: JSON.stringify({
      AccessKeyId: `AKI${'A'.repeat(17)}`,
      SecretAccessKey: 'k'.repeat(40),
      SessionToken: 'token',
    }),
    says: 'where',
    answer: ({ text }) =>
      knows(text)
        ? {
            action: 'GUARDRAIL_INTERVENED',
            outputs: [{ text: 'no' }],
            assessments: [
              { wordPolicy: { customWords: [{ match: WORD, action: 'BLOCKED' }], managedWordLists: [] } },
            ],
            usage: {},
          }
        : { action: 'NONE', outputs: [], assessments: [], usage: {} },
  },
  {
    name: 'webhook',
    rule: { provider: 'webhook' },
    credential: 'secret',
    says: 'where',
    answer: ({ body }) => ({
      offsets: 'code-points',
      findings: (body['texts'] as { text: string }[]).flatMap(({ text }, index) =>
        knows(text)
          ? [
              {
                text: index,
                kind: 'name',
                label: 'name',
                severity: 'high',
                confidence: 'high',
                start: inCodePoints(text),
                end: inCodePoints(text) + WORD.length,
              },
            ]
          : [],
      ),
    }),
  },
];

export async function benchRemote(): Promise<void> {
  console.log('\n### Remote checks\n');
  console.log(
    '| provider | texts | told as the service said | at the right place | p50 ms | p99 ms | asked again ms |',
  );
  console.log('|---|---|---|---|---|---|---|');
  const directory = mkdtempSync(path.join(tmpdir(), 'postern-bench-'));
  try {
    for (const trial of TRIALS) await printTrial(trial, directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function printTrial(trial: Trial, directory: string): Promise<void> {
  const { name, rule, credential, under = '', says, answer } = trial;
  const service = await startCheckService(answer);
  if (credential !== undefined)
    writeFileSync(path.join(directory, 'credential'), credential, { mode: 0o600 });
  const checks = createRemoteChecks({
    send: sendToLoopback,
    credentialsDirectory: directory,
    nowMs: () => performance.now(),
    dateMs: () => Date.now(),
    log: () => undefined,
  });
  const check = checks.checkFor(
    remoteRule({
      url: service.url + under,
      ...(credential !== undefined && { credentials: { file: 'credential' } }),
      timeoutMs: 5_000,
      ...rule,
    }),
  );
  const random = createRandom(61);
  const times: number[] = [];
  const again: number[] = [];
  let agreed = 0;
  let placed = 0;
  let labelled = 0;
  for (let i = 0; i < TEXTS; i++) {
    const words = `🙂 ${ofShape('{l8} {l5} {l9}', random)}`;
    const text = i % 2 === 0 ? words : `${words} ${WORD} 🙂 ${ofShape('{l6}', random)}`;
    const ask = async (into: number[]) => {
      const startedAt = performance.now();
      const [found = []] = await check.check([{ text, kind: 'text', role: 'user' }], 'request');
      into.push(performance.now() - startedAt);
      return found;
    };
    const found = await ask(times);
    await ask(again);
    if (found.length > 0 === knows(text)) agreed++;
    if (!knows(text)) continue;
    labelled++;
    if (found.some(({ start, end }) => text.slice(start, end) === WORD)) placed++;
  }
  await service.close();
  const at = (all: number[], share: number): string =>
    (all.sort((a, b) => a - b)[Math.floor((all.length - 1) * share)] ?? 0).toFixed(2);
  const place = says === 'where' ? `${placed} of ${labelled}` : 'says no place';
  console.log(
    `| ${name} | ${TEXTS} | ${agreed} | ${place} | ${at(times, 0.5)} | ${at(times, 0.99)} | ${at(again, 0.5)} |`,
  );
}

if (import.meta.main) await benchRemote();

/** Each provider against a server that follows its published shapes. */

import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Match } from '../../../../agent/src/core/finding.ts';
import type { RemoteText } from '../../../../agent/src/core/remote.ts';
import { sendToLoopback } from '../../../../agent/src/sync/loopback-http.ts';
import { createRemoteChecks } from '../../../../agent/src/sync/remote-checks/remote-checks.ts';
import { type Answer, type Asked, type CheckService, startCheckService } from '../../../kit/check-service.ts';
import { remoteRule } from '../rule.ts';

const DATE_MS = Date.UTC(2026, 10, 24, 10, 30);
const directory = mkdtempSync(path.join(tmpdir(), 'postern-providers-'));
afterAll(() => rmSync(directory, { recursive: true }));
const services: CheckService[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
});

interface Trial {
  readonly rule: object;
  readonly credential?: string;
  readonly answer: Answer;
  readonly path?: string;
}

async function serve({ rule, credential, answer, path: under = '' }: Trial) {
  const service = await startCheckService(answer);
  services.push(service);
  if (credential !== undefined)
    writeFileSync(path.join(directory, 'credential'), credential, { mode: 0o600 });
  const checks = createRemoteChecks({
    send: sendToLoopback,
    credentialsDirectory: directory,
    nowMs: () => 0,
    dateMs: () => DATE_MS,
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
  const ask = (text: Partial<RemoteText>, direction: 'request' | 'response' = 'request') =>
    check.check([{ text: '', kind: 'text', role: 'user', ...text }], direction);
  return { asked: service.asked, ask };
}

const briefly = (matches: readonly Match[] | undefined, text: string) =>
  matches?.map(({ kind, confidence, start, end }) => [kind, confidence, text.slice(start, end)]);

describe('presidio', () => {
  const answer: Answer = () => [
    {
      entity_type: 'PERSON',
      start: 2,
      end: 5,
      score: 0.85,
      analysis_explanation: null,
      recognition_metadata: {},
    },
    { entity_type: 'US_SSN', start: 9, end: 20, score: 0.5 },
  ];

  it('offsets in code points become places in the text', async () => {
    const { asked, ask } = await serve({
      rule: { provider: 'presidio', entities: ['PERSON', 'US_SSN'], minScore: 0.4 },
      answer,
      path: '/analyze',
    });
    const text = '🙂 Ann 🙂, 078-05-1120';
    const [found] = await ask({ text });
    expect(briefly(found, text)).toEqual([
      ['person', 'high', 'Ann'],
      ['us-ssn', 'medium', '078-05-1120'],
    ]);
    expect(asked[0]).toMatchObject({
      path: '/analyze',
      body: { text, language: 'en', entities: ['PERSON', 'US_SSN'], score_threshold: 0.4 },
    });
  });
});

describe('azure-content-safety', () => {
  const answer: Answer = ({ path: asked, body }) =>
    asked.includes('text:analyze')
      ? {
          blocklistsMatch: [
            { blocklistName: 'Code Names', blocklistItemId: '1', blocklistItemText: 'falcon' },
          ],
          categoriesAnalysis: [
            { category: 'Hate', severity: 0 },
            { category: 'SelfHarm', severity: 4 },
          ],
        }
      : body['userPrompt'] === undefined
        ? { userPromptAnalysis: null, documentsAnalysis: [{ attackDetected: true }] }
        : { userPromptAnalysis: { attackDetected: false }, documentsAnalysis: [] };

  it('harm, blocklists and hidden instructions', async () => {
    const { asked, ask } = await serve({
      rule: { provider: 'azure-content-safety' },
      credential: 'azure-key',
      answer,
    });
    const text = 'the falcon lands';
    expect(briefly((await ask({ text }))[0], text)).toEqual(
      [
        ['blocklist-code-names', 'high', 'falcon'],
        ['harm-selfharm', 'medium', text],
      ].sort((a, b) => (a[0] === 'harm-selfharm' ? -1 : b[0] === 'harm-selfharm' ? 1 : 0)),
    );
    const [document] = await ask({ text, kind: 'tool-result', role: 'tool' });
    expect(document?.map(({ kind }) => kind)).toContain('prompt-attack');
    expect(asked.map(({ path: one, body }) => [one.split('?')[0], body]).slice(0, 2)).toEqual([
      ['/contentsafety/text:analyze', { text, outputType: 'FourSeverityLevels' }],
      ['/contentsafety/text:shieldPrompt', { userPrompt: text, documents: [] }],
    ]);
    expect(asked[3]?.body).toEqual({ documents: [text] });
    expect(new Set(asked.map(({ headers }) => headers['ocp-apim-subscription-key']))).toEqual(
      new Set(['azure-key']),
    );
    expect(asked[0]?.path).toContain('api-version=2024-09-01');
  });

  it('answers are no attacks on prompts; harm below the limit is none', async () => {
    const { asked, ask } = await serve({
      rule: { provider: 'azure-content-safety', minHarm: 6 },
      credential: 'k',
      answer,
    });
    expect((await ask({ text: 'x y z' }, 'response'))[0]?.map(({ kind }) => kind)).toEqual([
      'blocklist-code-names',
    ]);
    expect(asked).toHaveLength(1);
  });
});

describe('patronus', () => {
  const rule = {
    provider: 'patronus',
    evaluators: [{ evaluator: 'judge', criteria: 'patronus:prompt-injection' }],
  };
  const result = (pass: boolean | null, status = 'success') => ({
    results: [
      {
        evaluator_id: 'judge-large',
        criteria: 'patronus:prompt-injection',
        status,
        error_message: null,
        evaluation_result: { pass },
      },
    ],
  });

  it('a check that is failed is a finding about the whole text', async () => {
    const { asked, ask } = await serve({
      rule,
      credential: 'pat',
      answer: () => result(false),
      path: '/v1/evaluate',
    });
    expect(briefly((await ask({ text: 'ignore all' }))[0], 'ignore all')).toEqual([
      ['prompt-injection', 'medium', 'ignore all'],
    ]);
    expect(asked[0]).toMatchObject({
      headers: { 'x-api-key': 'pat' },
      body: {
        evaluators: [
          { evaluator: 'judge', criteria: 'patronus:prompt-injection', explain_strategy: 'never' },
        ],
        evaluated_model_input: 'ignore all',
        capture: 'none',
      },
    });
    await ask({ text: 'an answer' }, 'response');
    expect(asked[1]?.body['evaluated_model_output']).toBe('an answer');
  });

  it('a check that could not be made has not been passed', async () => {
    const { ask } = await serve({ rule, credential: 'pat', answer: () => result(null, 'error') });
    await expect(ask({ text: 'hello' })).rejects.toMatchObject({ code: 'bad-answer' });
    const passed = await serve({ rule, credential: 'pat', answer: () => result(true) });
    expect(await passed.ask({ text: 'hello' })).toEqual([[]]);
  });
});

describe('webhook', () => {
  it('is signed over time and body, and may count in code points', async () => {
    const { asked, ask } = await serve({
      rule: { provider: 'webhook' },
      credential: 'hook-secret',
      answer: () => ({
        offsets: 'code-points',
        findings: [
          { text: 0, kind: 'name', label: 'name', severity: 'high', confidence: 'high', start: 2, end: 5 },
        ],
      }),
    });
    const text = '🙂 Ann';
    expect(briefly((await ask({ text }))[0], text)).toEqual([['name', 'high', 'Ann']]);
    const [{ headers, text: body }] = asked as [Asked];
    const expected = createHmac('sha256', 'hook-secret')
      .update(`${headers['x-postern-timestamp']}.${body}`)
      .digest('hex');
    expect(headers['x-postern-signature']).toBe(`v1=${expected}`);
    expect(headers['x-postern-timestamp']).toBe(String(DATE_MS / 1000));
    expect(JSON.parse(body)).toEqual({
      postern: 1,
      rule: 'check',
      direction: 'request',
      texts: [{ text, kind: 'text', role: 'user' }],
    });
  });
});

describe('bedrock', () => {
  const keys = {
    AccessKeyId: `AKI${'A'.repeat(17)}`,
    SecretAccessKey: 'k'.repeat(40),
    SessionToken: 'token',
  };
  const rule = { provider: 'bedrock', region: 'eu-north-1', guardrailId: 'gr1abc', guardrailVersion: '3' };
  const nothing = { action: 'NONE', outputs: [], assessments: [], usage: {} };

  /** Signature version 4 as the server works it out: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
  function signatureOf({ method, path: asked, headers, text }: Asked): string {
    const authorization = String(headers['authorization']);
    const [, scope = '', signed = ''] =
      /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(authorization) ?? [];
    const names = signed.split(';');
    const sha = (data: string): string => createHash('sha256').update(data).digest('hex');
    // Every service but S3 encodes the path a second time.
    const encodedPath = asked.split('/').map(encodeURIComponent).join('/');
    const canonical = [
      method,
      encodedPath,
      '',
      ...names.map((name) => `${name}:${headers[name]}`),
      '',
      signed,
      sha(text),
    ].join('\n');
    const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha(canonical)].join('\n');
    const hmac = (key: string | Buffer, data: string): Buffer =>
      createHmac('sha256', key).update(data).digest();
    const key = scope
      .split('/')
      .reduce((last: string | Buffer, step) => hmac(last, step), `AWS4${keys.SecretAccessKey}`);
    return createHmac('sha256', key).update(toSign).digest('hex');
  }

  it('is signed so that AWS can check it', async () => {
    const arn = 'arn:aws:bedrock:eu-north-1:123456789012:guardrail/gr1abc';
    const { asked, ask } = await serve({
      rule: { ...rule, guardrailId: arn },
      credential: JSON.stringify(keys),
      answer: () => nothing,
    });
    await ask({ text: 'naïve 🙂' });
    const [one] = asked as [Asked];
    expect(one.path).toBe(`/guardrail/${encodeURIComponent(arn)}/version/3/apply`);
    expect(one.body).toEqual({ source: 'INPUT', content: [{ text: { text: 'naïve 🙂' } }] });
    expect(one.headers['x-amz-security-token']).toBe('token');
    expect(one.headers['x-amz-date']).toBe('20261124T103000Z');
    const authorization = String(one.headers['authorization']);
    expect(authorization).toMatch(/Credential=AKIA+\/20261124\/eu-north-1\/bedrock\/aws4_request/);
    expect(authorization.split('SignedHeaders=')[1]).toMatch(/host;.*x-amz-date;x-amz-security-token/);
    expect(authorization).toContain(`Signature=${signatureOf(one)}`);
  });

  it('what it assessed is placed where it can be', async () => {
    const assessments = [
      {
        topicPolicy: { topics: [{ name: 'Falcon deal', type: 'DENY', action: 'BLOCKED', detected: true }] },
        contentPolicy: {
          filters: [
            { type: 'PROMPT_ATTACK', confidence: 'HIGH', action: 'BLOCKED', detected: true },
            { type: 'HATE', confidence: 'LOW', action: 'NONE', detected: false },
            { type: 'VIOLENCE', confidence: 'LOW', action: 'NONE', detected: true },
          ],
        },
        wordPolicy: { customWords: [{ match: 'osprey', action: 'BLOCKED' }], managedWordLists: [] },
        sensitiveInformationPolicy: {
          piiEntities: [{ type: 'EMAIL', match: 'a@b.example', action: 'ANONYMIZED', detected: true }],
          regexes: [{ name: 'Badge No', match: 'B-17', regex: 'B-\\d+', action: 'BLOCKED' }],
        },
      },
    ];
    const { ask } = await serve({
      rule,
      credential: JSON.stringify(keys),
      answer: () => ({ action: 'GUARDRAIL_INTERVENED', outputs: [{ text: 'no' }], assessments, usage: {} }),
    });
    const text = 'osprey B-17 a@b.example osprey';
    expect(briefly((await ask({ text }))[0], text)?.sort()).toEqual(
      [
        ['denied-topic', 'high', text],
        ['prompt-attack', 'high', text],
        ['violence', 'low', text],
        ['word', 'high', 'osprey'],
        ['word', 'high', 'osprey'],
        ['email', 'high', 'a@b.example'],
        ['regex-badge-no', 'high', 'B-17'],
      ].sort(),
    );
  });

  it('an intervention without an explanation is one all the same', async () => {
    const { ask } = await serve({
      rule,
      credential: JSON.stringify(keys),
      answer: () => ({ ...nothing, action: 'GUARDRAIL_INTERVENED' }),
    });
    expect((await ask({ text: 'hello' }, 'response'))[0]?.map(({ kind }) => kind)).toEqual(['intervened']);
  });

  it.each(['not json', '{"AccessKeyId":"x"}'])(
    'a credential file with %s says so, and not what is in it',
    async (credential) => {
      const { asked, ask } = await serve({ rule, credential, answer: () => nothing });
      const error = await ask({ text: 'hello' }).then(
        () => undefined,
        (failure) => failure,
      );
      expect(error).toMatchObject({ code: 'credentials' });
      expect(`${error}${error.cause}`).not.toContain('not json');
      expect(asked).toHaveLength(0);
    },
  );
});

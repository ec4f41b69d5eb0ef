import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Match } from '../../../core/finding.ts';
import { kebabOf, onWhole, wherever, wordsOf } from '../matches.ts';
import type { Provider, RemoteRule } from '../provider.ts';
import { RemoteCheckError } from '../remote-check-error.ts';

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ApplyGuardrail.html */
const outcome = { action: z.string().optional(), detected: z.boolean().optional() };
const list = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .array(z.object({ ...shape, ...outcome }))
    .nullish()
    .transform((value) => value ?? []);
const assessment = z.object({
  topicPolicy: z.object({ topics: list({}) }).nullish(),
  contentPolicy: z
    .object({ filters: list({ type: z.string(), confidence: z.string().optional() }) })
    .nullish(),
  wordPolicy: z
    .object({ customWords: list({ match: z.string() }), managedWordLists: list({ match: z.string() }) })
    .nullish(),
  sensitiveInformationPolicy: z
    .object({
      piiEntities: list({ type: z.string(), match: z.string() }),
      regexes: list({ name: z.string().optional(), match: z.string().optional() }),
    })
    .nullish(),
  contextualGroundingPolicy: z.object({ filters: list({ type: z.string() }) }).nullish(),
});
const reply = z.object({
  action: z.enum(['NONE', 'GUARDRAIL_INTERVENED']),
  assessments: z.array(assessment).default([]),
});

/** What `aws sts` and instance roles hand out, under the names of the AWS CLI's JSON. */
const keys = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  SessionToken: z.string().min(1).optional(),
});

export function createBedrock(rule: RemoteRule): Provider {
  const { region = '', guardrailId = '', guardrailVersion = '' } = rule;
  const endpoint = rule.url ?? `https://bedrock-runtime.${region}.amazonaws.com`;
  const url = new URL(
    `/guardrail/${encodeURIComponent(guardrailId)}/version/${guardrailVersion}/apply`,
    endpoint,
  );
  return {
    // 25 text units of 1,000 characters per call are every account's quota.
    maxChars: 20_000,
    // One assessment comes back for all texts of a call, and says not of which.
    maxTexts: 1,
    calls: ({ texts, direction, credential, nowMs }) =>
      Promise.all(
        texts.map(async ({ text }) => {
          const source = direction === 'request' ? 'INPUT' : 'OUTPUT';
          const body = JSON.stringify({ source, content: [{ text: { text } }] });
          return {
            url,
            headers: await signed(url, body, region, credential, nowMs),
            body,
            read: (answer: unknown) => [matchesIn(text, reply.parse(answer))],
          };
        }),
      ),
  };
}

/** Signature version 4 by AWS's own code; loaded when the first call is made, because few policies ask Bedrock. */
async function signed(
  url: URL,
  body: string,
  region: string,
  credential: string | undefined,
  nowMs: number,
): Promise<Record<string, string>> {
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const signer = new SignatureV4({
    service: 'bedrock',
    region,
    credentials: credentialsOf(credential),
    sha256: Sha256,
  });
  const { headers } = await signer.sign(
    {
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port !== '' && { port: Number(url.port) }),
      path: url.pathname,
      query: {},
      headers: { host: url.host, 'content-type': 'application/json' },
      body,
    },
    { signingDate: new Date(nowMs) },
  );
  const { host: _host, ...others } = headers;
  return others;
}

function credentialsOf(credential: string | undefined) {
  let parsed: unknown;
  try {
    parsed = JSON.parse(credential ?? '');
  } catch (cause) {
    // The error of JSON.parse quotes what it read.
    throw new RemoteCheckError('credentials', { cause: new Error(`not JSON: ${(cause as Error).name}`) });
  }
  const found = keys.safeParse(parsed);
  if (!found.success) throw new RemoteCheckError('credentials');
  const { AccessKeyId, SecretAccessKey, SessionToken } = found.data;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(SessionToken !== undefined && { sessionToken: SessionToken }),
  };
}

type SourceData = string | ArrayBuffer | ArrayBufferView;

/** Node's SHA-256 as the signer wants it. */
class Sha256 {
  readonly #secret: SourceData | undefined;
  #hash: ReturnType<typeof createHash>;

  constructor(secret?: SourceData) {
    this.#secret = secret;
    this.#hash = this.#fresh();
  }

  update(data: SourceData): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = this.#fresh();
  }

  #fresh(): ReturnType<typeof createHash> {
    if (this.#secret === undefined) return createHash('sha256');
    return createHmac('sha256', bytesOf(this.#secret)) as unknown as ReturnType<typeof createHash>;
  }
}

function bytesOf(data: SourceData): Uint8Array | string {
  if (typeof data === 'string') return data;
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

type Assessment = z.infer<typeof assessment>;
type Found = { readonly action?: string | undefined; readonly detected?: boolean | undefined };

/** `NONE` with `detected` is a filter that only watches. */
const confidenceOf = ({ action }: Found) => (action === 'NONE' ? ('low' as const) : ('high' as const));
const counts = ({ action, detected }: Found): boolean =>
  detected ?? (action !== undefined && action !== 'NONE');

function matchesIn(text: string, { action, assessments }: z.infer<typeof reply>): readonly Match[] {
  const matches = assessments.flatMap((one) => [...inAssessment(text, one)]);
  // An intervention that the assessment doesn't explain is one all the same.
  if (action === 'GUARDRAIL_INTERVENED' && matches.length === 0)
    return [
      onWhole(text, {
        kind: 'intervened',
        label: 'text that Bedrock objects to',
        severity: 'medium',
        confidence: 'high',
      }),
    ];
  return matches;
}

function* inAssessment(text: string, one: Assessment): Iterable<Match> {
  const severity = 'medium' as const;
  for (const topic of one.topicPolicy?.topics.filter(counts) ?? [])
    yield onWhole(text, {
      kind: 'denied-topic',
      label: 'topic that is not wanted',
      severity,
      confidence: confidenceOf(topic),
    });
  for (const filter of one.contentPolicy?.filters.filter(counts) ?? []) {
    const label =
      filter.type === 'PROMPT_ATTACK'
        ? 'attempt to override instructions'
        : `harmful content (${wordsOf(filter.type)})`;
    yield onWhole(text, {
      kind: kebabOf(filter.type),
      label,
      severity: 'high',
      confidence: confidenceOf(filter),
    });
  }
  const words = [...(one.wordPolicy?.customWords ?? []), ...(one.wordPolicy?.managedWordLists ?? [])];
  for (const word of words.filter(counts))
    yield* wherever(text, word.match, {
      kind: 'word',
      label: 'word that is not wanted',
      severity,
      confidence: confidenceOf(word),
    });
  for (const entity of one.sensitiveInformationPolicy?.piiEntities.filter(counts) ?? [])
    yield* wherever(text, entity.match, {
      kind: kebabOf(entity.type),
      label: wordsOf(entity.type),
      severity,
      confidence: confidenceOf(entity),
    });
  for (const regex of one.sensitiveInformationPolicy?.regexes.filter(counts) ?? [])
    yield* wherever(text, regex.match ?? '', {
      kind: `regex-${kebabOf(regex.name ?? '')}`,
      label: 'sensitive value',
      severity,
      confidence: confidenceOf(regex),
    });
  for (const filter of one.contextualGroundingPolicy?.filters.filter(counts) ?? [])
    yield onWhole(text, {
      kind: kebabOf(filter.type),
      label: 'answer without ground',
      severity: 'low',
      confidence: confidenceOf(filter),
    });
}

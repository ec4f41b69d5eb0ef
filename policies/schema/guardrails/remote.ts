import { z } from 'zod';
import { nonEmpty } from '../words.ts';
import { guardrailBase } from './base.ts';

/**
 * Where the service's credential is: a file of the device that only the agent's user can read, by an absolute path or
 * by its name in `credentials/` of the agent's home. A policy never holds the credential itself.
 */
const credentials = z.strictObject({ file: z.string().min(1).max(500) });

/** https, or http to this very machine: what is checked is what people wrote. */
const serviceUrl = z.url({ protocol: /^https?$/ }).refine(isSafe, {
  message: 'must be https; http is only for a service on this device (127.0.0.1, ::1, localhost)',
});

function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(hostname);
}

/** A check by another service, over HTTP. Which further fields a provider needs is said by `policy check`. */
export const remoteGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('remote'),
  /**
   * `bedrock`: ApplyGuardrail, signed. `azure-content-safety`: harm categories and prompt shields. `patronus`: evaluate.
   * `presidio`: the analyzer. `webhook`: a service of your own that speaks Postern's contract.
   */
  provider: z.enum(['bedrock', 'azure-content-safety', 'patronus', 'presidio', 'webhook']),
  /** Absent for `bedrock` (made from the region) and `patronus`. */
  url: serviceUrl.optional(),
  credentials: credentials.optional(),
  /** For all of one request's texts together. */
  timeoutMs: z.int().min(10).max(30_000).default(250),
  /** Share of texts that are checked; the same text is always checked or never. */
  samplePercent: z.number().min(0).max(100).default(100),
  /** New text of one request that is sent, in characters; a request with more counts as not checked. */
  maxChars: z.int().min(100).max(1_000_000).default(200_000),
  /** Of a streamed answer that may be stopped, how much is checked at a time, in characters; as many before go along. */
  windowChars: z.int().min(50).max(20_000).default(400),
  /** Calls to the service at the same time. */
  maxConcurrent: z.int().min(1).max(32).default(4),

  /** bedrock */
  region: z
    .string()
    .regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'use an AWS region such as eu-north-1')
    .optional(),
  guardrailId: z
    .string()
    .regex(/^(?:[a-z0-9]+|arn:aws(?:-[^:]+)?:bedrock:[a-z0-9-]{1,20}:\d{12}:guardrail\/[a-z0-9]+)$/)
    .optional(),
  guardrailVersion: z
    .string()
    .regex(/^(?:[1-9]\d{0,7}|DRAFT)$/)
    .optional(),

  /** azure-content-safety: harm categories (`text`), attacks on the prompt (`prompt`), or both. */
  checks: nonEmpty(z.enum(['text', 'prompt'])).optional(),
  /** azure-content-safety: of 0, 2, 4, 6. */
  minHarm: z.int().min(1).max(6).optional(),

  /** patronus */
  evaluators: z
    .array(z.strictObject({ evaluator: z.string().min(1), criteria: z.string().min(1).optional() }))
    .min(1)
    .optional(),

  /** presidio */
  language: z
    .string()
    .regex(/^[a-z]{2}$/)
    .optional(),
  entities: nonEmpty(z.string().regex(/^[A-Z0-9_]+$/)).optional(),
  minScore: z.number().min(0).max(1).optional(),
});

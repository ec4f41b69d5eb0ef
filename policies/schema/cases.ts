/**
 * A case file: what a policy should decide, as a table that a security engineer writes and a pipeline runs with
 * `postern policy test`.
 */
import { z } from 'zod';
import { faultsOf } from './faults.ts';
import type { Problem } from './problem.ts';
import { readSource } from './source.ts';
import { nonEmpty } from './words.ts';

const action = z.enum(['allow', 'warn', 'redact', 'justify', 'block']);

const expectation = z
  .strictObject({
    /** What is done. */
    effective: action.optional(),
    /** What the policy says, shadow mode left out of account. */
    decision: action.optional(),
    /** These rules, and no others, have a part in the decision. An empty list: none. */
    rules: z.array(z.string()).optional(),
    /** These kinds are found, and no others. */
    findings: z.array(z.string()).optional(),
    /** Texts that must be in what leaves the device. */
    sends: nonEmpty(z.string().min(1)).optional(),
    /** Texts that must not leave the device. */
    keeps: nonEmpty(z.string().min(1)).optional(),
    /** Texts that must be in the answer, as the program sees it: the model's, or the refusal. */
    answers: nonEmpty(z.string().min(1)).optional(),
    /** Texts that must not be in the answer. */
    hides: nonEmpty(z.string().min(1)).optional(),
  })
  .refine((expected) => Object.keys(expected).length > 0, 'say what is expected');

const policyCase = z.strictObject({
  name: z.string().min(1).max(200),
  /** Where the call goes. */
  url: z.url({ protocol: /^https$/ }).default('https://api.openai.com/v1/chat/completions'),
  /** Catalogue id of the calling app. */
  app: z.string().optional(),
  user: z.string().optional(),
  /** When: for conditions and windows. ISO 8601 with an offset. */
  at: z.iso.datetime({ offset: true }).optional(),
  model: z.string().optional(),
  /** The user's message. In any text here, `{{A-Z2-7:16}}` stands for 16 characters of that set, the same at every run. */
  prompt: z.string().optional(),
  /** Result of a tool, on its way to the model. */
  toolResult: z.string().optional(),
  /** The whole body instead: an object, or text as it is. */
  body: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  /** What the model answers. */
  answer: z.string().optional(),
  expect: expectation,
});

const caseFile = z.strictObject({
  'postern-cases': z.literal(1),
  cases: z.array(policyCase).min(1),
});

export type PolicyCase = z.infer<typeof policyCase>;

export type ParsedCases =
  | { readonly ok: true; readonly cases: readonly PolicyCase[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** `fileName` is only used in problems. */
export function parseCases(text: string, fileName: string): ParsedCases {
  const read = readSource(text, fileName);
  if (!read.ok) return read;
  const result = caseFile.safeParse(read.data);
  if (result.success) return { ok: true, cases: result.data.cases };
  const problems = read.source.place(faultsOf(result.error.issues, read.data, knownKeys));
  return { ok: false, problems };
}

function knownKeys(path: readonly (string | number)[]): readonly string[] {
  if (path.length === 0) return Object.keys(caseFile.shape);
  return Object.keys(path.at(-1) === 'expect' ? expectation.shape : policyCase.shape);
}

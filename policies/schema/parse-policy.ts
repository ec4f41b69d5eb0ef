/**
 * Reads a policy document: text in, a complete policy or every problem in it out. This folder may import nothing of
 * the agent, so that the same check runs in an editor, in a pipeline and on a device. It reads no files: text is
 * handed in.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { adviceOn } from './advice.ts';
import type { Catalogue } from './catalogue.ts';
import { faultsOf } from './faults.ts';
import { guardrailBase } from './guardrails/base.ts';
import { type Policy, policySchema } from './policy.ts';
import type { Fault, Path, Problem } from './problem.ts';
import { checkReferences } from './references.ts';
import { type PolicySource, readSource } from './source.ts';
import { spendFaults } from './spend-faults.ts';

export type ParsedPolicy =
  | {
      readonly ok: true;
      readonly policy: Policy;
      /** First 12 hex digits of the SHA-256 of the normalised document: same meaning, same revision. */
      readonly revision: string;
      /** Gives later faults (of conditions, for one) their line and column. */
      readonly source: PolicySource;
      /** Allowed, but worth a look: rules that are never asked, shadow mode, stored prompts. */
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface ParseOptions {
  /** Names that rules may use; without it they aren't checked. */
  readonly catalogue?: Catalogue;
}

/** `fileName` is only used in problems. */
export function parsePolicy(text: string, fileName: string, options: ParseOptions = {}): ParsedPolicy {
  const read = readSource(text, fileName);
  if (!read.ok) return read;
  const { data, source } = read;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    const fault = {
      path: [],
      message: "This isn't a policy: the document has no settings.",
      mend: 'Begin with "postern: 1" and a "name".',
    };
    return { ok: false, problems: source.place([fault]) };
  }
  const result = policySchema.safeParse(data);
  if (!result.success) {
    const issues = [...result.error.issues, ...hiddenIssues(result.error.issues, data)];
    return { ok: false, problems: source.place(faultsOf(issues, data, (path) => keysAt(path, data))) };
  }
  const faults = [...duplicateIds(result.data), ...spendFaults(result.data)];
  if (options.catalogue !== undefined) faults.push(...checkReferences(result.data, options.catalogue));
  if (faults.length > 0) return { ok: false, problems: source.place(faults) };
  const warnings = source.place([...adviceOn(result.data, options.catalogue)]);
  return { ok: true, policy: result.data, revision: revisionOf(result.data), source, warnings };
}

const commonSettings = z.object(guardrailBase);

/** A guardrail with an unknown `detect` is not looked into by the union; what all of them have is checked here. */
function hiddenIssues(issues: readonly z.core.$ZodIssue[], data: unknown): z.core.$ZodIssue[] {
  const { guardrails } = data as { guardrails?: readonly unknown[] };
  return issues.flatMap(({ path }) => {
    const [section, index, field, ...deeper] = path;
    if (section !== 'guardrails' || typeof index !== 'number' || field !== 'detect' || deeper.length > 0)
      return [];
    const found = commonSettings.safeParse(guardrails?.[index]).error?.issues ?? [];
    return found.map((issue) => ({ ...issue, path: [section, index, ...issue.path] }));
  });
}

/** Content hash of a policy, with defaults filled in and keys in the schema's order. */
function revisionOf(policy: Policy): string {
  return createHash('sha256').update(JSON.stringify(policy)).digest('hex').slice(0, 12);
}

function* duplicateIds(policy: Policy): Iterable<Fault> {
  const first = new Map<string, number>();
  for (const [index, { id }] of policy.guardrails.entries()) {
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, index);
    else {
      yield {
        path: ['guardrails', index, 'id'],
        message: `"${id}" is already the id of guardrails[${earlier}].`,
        mend: 'Give each guardrail its own id; refusals and the audit log name it.',
      };
    }
  }
}

/** Keys that the schema knows at a path; found in its JSON Schema form, which is made on the first mistake only. */
function keysAt(path: Path, data: unknown): readonly string[] {
  let node: JsonSchema | undefined = z.toJSONSchema(policySchema, {
    io: 'input',
    unrepresentable: 'any',
  }) as JsonSchema;
  let value = data;
  for (const step of path) {
    const parent = fitting(node, value);
    node = typeof step === 'number' ? parent?.items : parent?.properties?.[step];
    value = (value as Record<string | number, unknown> | undefined)?.[step];
  }
  return Object.keys(fitting(node, value)?.properties ?? {});
}

/** Of alternatives, the one that what was written was meant to be: by its form, and by the fields that tell forms apart. */
function fitting(node: JsonSchema | undefined, value: unknown): JsonSchema | undefined {
  const alternatives = node?.oneOf ?? node?.anyOf;
  if (alternatives === undefined) return node;
  if (Array.isArray(value)) return alternatives.find(({ items }) => items !== undefined);
  const given = (value ?? {}) as Record<string, unknown>;
  return alternatives.find(
    ({ properties }) =>
      properties !== undefined &&
      Object.entries(properties).every(
        ([name, { const: wanted }]) => wanted === undefined || given[name] === wanted,
      ),
  );
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly const?: unknown;
}

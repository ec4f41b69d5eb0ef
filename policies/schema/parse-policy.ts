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
import { type Policy, policySchema } from './policy.ts';
import type { Fault, Path, Problem } from './problem.ts';
import { checkReferences } from './references.ts';
import { type PolicySource, readSource } from './source.ts';

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
    return { ok: false, problems: source.place(faultsOf(result.error.issues, data, keysAt)) };
  }
  const faults = [...duplicateIds(result.data)];
  if (options.catalogue !== undefined) faults.push(...checkReferences(result.data, options.catalogue));
  if (faults.length > 0) return { ok: false, problems: source.place(faults) };
  const warnings = source.place([...adviceOn(result.data, options.catalogue)]);
  return { ok: true, policy: result.data, revision: revisionOf(result.data), source, warnings };
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
function keysAt(path: Path): readonly string[] {
  let node: JsonSchema | undefined = z.toJSONSchema(policySchema, {
    io: 'input',
    unrepresentable: 'any',
  }) as JsonSchema;
  for (const step of path) {
    node = typeof step === 'number' ? node?.items : node?.properties?.[step];
  }
  return Object.keys(node?.properties ?? {});
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

/**
 * Findings in words that a person can read. The words are stored with the decision, so they never hold what a person
 * wrote: neither what was found nor the name of an attached file.
 */

import type { Part } from '../core/exchange.ts';
import type { Finding } from '../core/finding.ts';

const MAX_GROUPS = 3;
/** Tool and model names come from programs; what doesn't look like one could be anything. */
const IDENTIFIER = /^[A-Za-z0-9_.:/@-]{1,64}$/;

/** Finds the request part that a finding's place points to, for the names of tools. */
export type PartAt = (place: string) => Part | undefined;

/** `an AWS access key in your message and 2 GitHub tokens in the result of the tool "Bash"`. */
export function describeFindings(findings: readonly Finding[], partAt: PartAt): string {
  const groups = new Map<string, { readonly label: string; readonly where: string; count: number }>();
  for (const finding of findings) {
    const where = isAboutAll(finding)
      ? ''
      : describePlace(finding, finding.direction === 'request' ? partAt(finding.place) : undefined);
    const key = `${finding.label}\n${where}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { label: finding.label, where, count: 1 });
    else group.count++;
  }
  const all = [...groups.values()];
  const told = all
    .slice(0, MAX_GROUPS)
    .map(({ label, where, count }) => `${counted(label, count)} ${where}`.trimEnd());
  const rest = all.slice(MAX_GROUPS).reduce((sum, { count }) => sum + count, 0);
  if (rest > 0) told.push(`${rest} more`);
  return joined(told);
}

/** The whole request (its size), not a string in it. */
const isAboutAll = ({ place, start, end, partKind }: Finding): boolean =>
  place === '' && start === end && partKind === 'text';

/** Where a finding is, from the point of view of the person who has to take it out. */
export function describePlace(
  finding: Pick<Finding, 'direction' | 'partKind' | 'role'>,
  part: Part | undefined,
): string {
  if (finding.direction === 'response') return RESPONSE_PLACES[finding.partKind] ?? 'in the answer';
  switch (finding.partKind) {
    case 'tool-result':
      return `in the result of ${toolNamed(part)}`;
    case 'tool-call':
      return `in a call to ${toolNamed(part)}`;
    case 'tool-definition':
      return `in the definition of ${toolNamed(part)}`;
    case 'file':
      return 'in an attached file';
    case 'image':
      return 'in an attached image';
    case 'audio':
      return 'in an attached recording';
    case 'thinking':
      return "in the model's earlier reasoning";
    default:
      return ROLE_PLACES[finding.role];
  }
}

const ROLE_PLACES: Readonly<Record<Finding['role'], string>> = {
  user: 'in your message',
  system: 'in the instructions that the app sends along',
  assistant: 'in an earlier answer',
  tool: 'in the result of a tool',
};

const RESPONSE_PLACES: Partial<Record<Finding['partKind'], string>> = {
  'tool-call': 'in a tool call of the answer',
  'tool-result': 'in a tool result of the answer',
  thinking: "in the model's reasoning",
};

const toolNamed = (part: Part | undefined): string =>
  part?.toolName !== undefined && IDENTIFIER.test(part.toolName) ? `the tool "${part.toolName}"` : 'a tool';

/** A model's name in quotes, if it looks like one. */
export const modelNamed = (model: string): string =>
  IDENTIFIER.test(model) ? `model "${model}"` : 'model that this call names';

function counted(label: string, count: number): string {
  if (count === 1) return `${article(label)} ${label}`;
  return /[a-z]$/.test(label) && !label.endsWith('s') ? `${count} ${label}s` : `${count} × ${label}`;
}

/** By sound: letters of an acronym are spelt out (`an AWS …`, `a JWT`). */
function article(label: string): 'a' | 'an' {
  const [word = ''] = label.split(/[\s-]/);
  const spelt = /^([A-Z0-9]{2,}|npm)$/.test(word);
  return (spelt ? /^[AEFHILMNORSX8n]/ : /^[aeio]|^u(?!se|ni)/i).test(word) ? 'an' : 'a';
}

function joined(items: readonly string[]): string {
  if (items.length <= 1) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

import type { GuardrailRule } from '../../../../policies/schema/policy.ts';
import type { Part } from '../../core/exchange.ts';
import type { AnswerText, PlacedMatch, RequestDetector, RequestSubject } from '../../core/finding.ts';
import type { RemoteCheck, RemoteText } from '../../core/remote.ts';

type RemoteRule = Pick<
  Extract<GuardrailRule, { detect: 'remote' }>,
  'on' | 'roles' | 'windowChars' | 'maxChars'
>;

/** Shorter texts say nothing that a service could judge. */
const MIN_CHARS = 3;

/** Chooses the texts that a rule is about, has them checked elsewhere, and puts what was found back in its place. */
export function createRemoteDetector(id: string, rule: RemoteRule, remote: RemoteCheck): RequestDetector {
  const wants = wantedParts(rule);
  const answers = rule.on.includes('response') || rule.on.includes('tool-call');
  return {
    id,
    scope: 'request',
    // A window goes with as much context, and both together must not be more than may be sent.
    windowChars: Math.min(rule.windowChars, rule.maxChars >> 1),
    inspect({ exchange }: RequestSubject) {
      const parts = exchange.parts.filter(wants);
      if (parts.length === 0) return [];
      return ask(
        remote,
        'request',
        parts.map((part) => ({
          place: part.pointer,
          text: part.text ?? '',
          kind: part.kind,
          role: part.role,
        })),
      );
    },
    inspectAnswer(texts: readonly AnswerText[]) {
      const whole = rule.on.includes('response');
      const chosen = answers ? texts.filter(({ kind }) => whole || kind === 'tool-call') : [];
      return ask(
        remote,
        'response',
        chosen.map(({ channel, kind, text }) => ({ place: channel, text, kind, role: 'assistant' })),
      );
    },
  };
}

async function ask(
  remote: RemoteCheck,
  direction: 'request' | 'response',
  texts: readonly (RemoteText & { readonly place: string })[],
): Promise<readonly PlacedMatch[]> {
  if (texts.length === 0) return [];
  const found = await remote.check(
    texts.map(({ text, kind, role }) => ({ text, kind, role })),
    direction,
  );
  return texts.flatMap(({ place, kind, role }, index) =>
    (found[index] ?? []).map((match) => ({ ...match, place, partKind: kind, role })),
  );
}

/** Grammar of tools and reasoning that the provider has signed are nobody's words. */
function wantedParts({ on, roles }: RemoteRule): (part: Part) => boolean {
  const everything = on.includes('request');
  const results = on.includes('tool-result');
  const attachments = on.includes('attachment');
  return ({ text, kind, role }) => {
    if (text === undefined || text.trim().length < MIN_CHARS) return false;
    if (kind === 'tool-definition' || kind === 'thinking') return false;
    if (roles !== undefined && !roles.includes(role)) return false;
    if (everything || (results && kind === 'tool-result')) return true;
    return attachments && (kind === 'file' || kind === 'image' || kind === 'audio');
  };
}

import { z } from 'zod';
import type { Match, Severity } from '../../../core/finding.ts';
import type { RemoteText } from '../../../core/remote.ts';
import { kebabOf, onWhole, wherever, wordsOf } from '../matches.ts';
import type { Provider, ProviderCall, RemoteRule } from '../provider.ts';
import { RemoteCheckError } from '../remote-check-error.ts';

/** https://learn.microsoft.com/rest/api/contentsafety/: the stable version. */
const API_VERSION = '2024-09-01';

const analysis = z.object({
  blocklistsMatch: z
    .array(z.object({ blocklistName: z.string(), blocklistItemText: z.string() }))
    .optional()
    .default([]),
  categoriesAnalysis: z.array(z.object({ category: z.string(), severity: z.int().optional() })),
});
const detected = z.object({ attackDetected: z.boolean() });
const shield = z.object({
  userPromptAnalysis: detected.nullish(),
  documentsAnalysis: z.array(detected).nullish(),
});

/** Severity 2 is the lowest above "safe", and where the service's own samples begin to object. */
const DEFAULT_MIN_HARM = 2;

export function createAzureContentSafety(rule: RemoteRule): Provider {
  const { url = '', checks = ['text', 'prompt'], minHarm = DEFAULT_MIN_HARM } = rule;
  return {
    // Both operations take at most 10,000 characters.
    maxChars: 9_500,
    maxTexts: 1,
    async calls({ texts, direction, credential }) {
      if (credential === undefined) throw new RemoteCheckError('credentials');
      const headers = { 'ocp-apim-subscription-key': credential };
      const calls: ProviderCall[] = [];
      for (const one of texts) {
        if (checks.includes('text'))
          calls.push({ url: at(url, 'text:analyze'), headers, ...analyze(one, minHarm) });
        // An answer is nobody's attack on a prompt.
        if (checks.includes('prompt') && direction === 'request')
          calls.push({ url: at(url, 'text:shieldPrompt'), headers, ...shieldPrompt(one) });
      }
      return calls;
    },
  };
}

const at = (endpoint: string, operation: string): URL =>
  new URL(`/contentsafety/${operation}?api-version=${API_VERSION}`, endpoint);

type Call = Pick<ProviderCall, 'body' | 'read'>;

const analyze = ({ text }: RemoteText, minHarm: number): Call => ({
  body: JSON.stringify({ text, outputType: 'FourSeverityLevels' }),
  read(answer) {
    const { categoriesAnalysis, blocklistsMatch } = analysis.parse(answer);
    const harms = categoriesAnalysis.flatMap(({ category, severity = 0 }): readonly Match[] =>
      severity < minHarm
        ? []
        : [
            onWhole(text, {
              kind: `harm-${kebabOf(category)}`,
              label: `harmful content (${wordsOf(category)})`,
              severity: severityOf(severity),
              confidence: 'medium',
            }),
          ],
    );
    const listed = blocklistsMatch.flatMap(({ blocklistName, blocklistItemText }) =>
      wherever(text, blocklistItemText, {
        kind: `blocklist-${kebabOf(blocklistName)}`,
        label: 'term on a blocklist',
        severity: 'medium',
        confidence: 'high',
      }),
    );
    return [[...harms, ...listed]];
  },
});

/** What a person wrote is the prompt; what a tool or a file brought is a document, whose words should order nobody about. */
function shieldPrompt({ text, kind, role }: RemoteText): Call {
  const isDocument = role === 'tool' || kind === 'file' || kind === 'tool-result';
  return {
    body: JSON.stringify(isDocument ? { documents: [text] } : { userPrompt: text, documents: [] }),
    read(answer) {
      const { userPromptAnalysis, documentsAnalysis } = shield.parse(answer);
      if (isDocument ? documentsAnalysis?.length !== 1 : userPromptAnalysis == null)
        throw new RemoteCheckError('bad-answer');
      const attack =
        userPromptAnalysis?.attackDetected === true || documentsAnalysis?.[0]?.attackDetected === true;
      if (!attack) return [[]];
      const label = isDocument ? 'instructions hidden in a document' : 'attempt to override instructions';
      return [[onWhole(text, { kind: 'prompt-attack', label, severity: 'high', confidence: 'medium' })]];
    },
  };
}

const severityOf = (severity: number): Severity =>
  severity >= 6 ? 'critical' : severity >= 4 ? 'high' : 'medium';

import { z } from 'zod';
import type { Confidence, Match } from '../../../core/finding.ts';
import { fromCodePoints } from '../code-points.ts';
import { kebabOf, wordsOf } from '../matches.ts';
import type { Provider, RemoteRule } from '../provider.ts';

/** https://microsoft.github.io/presidio/api-docs/api-docs.html: POST /analyze answers a list of these. */
const reply = z.array(
  z.object({
    entity_type: z.string(),
    start: z.int().min(0),
    end: z.int().min(0),
    score: z.number(),
  }),
);

export function createPresidio({ url = '', language = 'en', entities, minScore }: RemoteRule): Provider {
  return {
    maxChars: 20_000,
    maxTexts: 1,
    async calls({ texts, credential }) {
      return texts.map(({ text }) => ({
        url: new URL(url),
        headers: credential === undefined ? {} : { authorization: `Bearer ${credential}` },
        body: JSON.stringify({
          text,
          language,
          ...(entities !== undefined && { entities }),
          ...(minScore !== undefined && { score_threshold: minScore }),
        }),
        read: (answer) => [matchesIn(text, reply.parse(answer), minScore ?? 0)],
      }));
    },
  };
}

function matchesIn(text: string, found: z.infer<typeof reply>, minScore: number): readonly Match[] {
  const toUnits = fromCodePoints(text);
  return found
    .filter(({ score }) => score >= minScore)
    .map(({ entity_type, start, end, score }) => {
      const from = Math.min(toUnits(start), text.length);
      return {
        kind: kebabOf(entity_type),
        label: wordsOf(entity_type),
        severity: 'medium',
        confidence: confidenceOf(score),
        start: from,
        end: Math.max(from, Math.min(toUnits(end), text.length)),
      };
    });
}

const confidenceOf = (score: number): Confidence =>
  score >= 0.85 ? 'high' : score >= 0.5 ? 'medium' : 'low';

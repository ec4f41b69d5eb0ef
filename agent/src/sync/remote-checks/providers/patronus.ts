import { z } from 'zod';
import type { Match } from '../../../core/finding.ts';
import { kebabOf, onWhole } from '../matches.ts';
import type { Provider, RemoteRule } from '../provider.ts';
import { RemoteCheckError } from '../remote-check-error.ts';

/** https://docs.patronus.ai: POST /v1/evaluate answers one result per evaluator. */
const reply = z.object({
  results: z
    .array(
      z.object({
        evaluator_id: z.string(),
        criteria: z.string().nullish(),
        status: z.string(),
        evaluation_result: z.object({ pass: z.boolean().nullish() }).nullish(),
      }),
    )
    .min(1),
});

const ENDPOINT = 'https://api.patronus.ai/v1/evaluate';

export function createPatronus({ url = ENDPOINT, evaluators = [] }: RemoteRule): Provider {
  return {
    maxChars: 20_000,
    maxTexts: 1,
    async calls({ texts, direction, credential }) {
      if (credential === undefined) throw new RemoteCheckError('credentials');
      return texts.map(({ text }) => ({
        url: new URL(url),
        headers: { 'x-api-key': credential },
        body: JSON.stringify({
          evaluators: evaluators.map((one) => ({ ...one, explain_strategy: 'never' })),
          [direction === 'request' ? 'evaluated_model_input' : 'evaluated_model_output']: text,
          // The text is checked, not collected.
          capture: 'none',
        }),
        read: (answer) => [failures(text, reply.parse(answer))],
      }));
    },
  };
}

/** An evaluator that could not judge has not passed the text. */
function failures(text: string, { results }: z.infer<typeof reply>): readonly Match[] {
  return results.flatMap(({ evaluator_id, criteria, status, evaluation_result }) => {
    const pass = evaluation_result?.pass;
    if (status !== 'success' || pass === undefined || pass === null) throw new RemoteCheckError('bad-answer');
    if (pass) return [];
    const name = criteria?.split(':').at(-1) ?? evaluator_id;
    return [
      onWhole(text, {
        kind: kebabOf(name),
        label: `text that fails the check "${name.replace(/[^\w .-]/g, '').slice(0, 40)}"`,
        severity: 'medium',
        confidence: 'medium',
      }),
    ];
  });
}

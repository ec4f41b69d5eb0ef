/** What the real LiteLLM said when it was asked by `npm run test:gateways -- --record`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface LitellmAnswer {
  readonly api: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** As it was sent, but for hashes, ids and times; `{{reset}}` stands for the time when a limit is renewed. */
  readonly body: string;
}

export interface LitellmRecording {
  readonly recorded: string;
  readonly answers: readonly LitellmAnswer[];
}

const FOLDER = path.join(import.meta.dirname, 'fixtures', 'litellm');

export const readRecording = (name: string): LitellmRecording =>
  JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8')) as LitellmRecording;

/** With the times that belong into it. */
export function saidBy({ status, headers, body }: LitellmAnswer, resetAt: Date) {
  const reset = `${resetAt.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const filled = Object.entries(headers).map(([name, value]) => [name, value.replace('{{reset}}', reset)]);
  return {
    status,
    headers: Object.fromEntries(filled) as Record<string, string>,
    body: body.replaceAll('{{reset}}', reset),
  };
}

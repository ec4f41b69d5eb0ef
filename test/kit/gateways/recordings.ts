/** What the real gateways said when they were asked by `npm run test:gateways -- --record`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface RecordedAnswer {
  readonly api: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** As it was sent, but for hashes, ids and times; `{{reset}}` stands for the time when a limit is renewed. */
  readonly body: string;
}

export interface Recording {
  /** Gateway and version. */
  readonly recorded: string;
  readonly answers: readonly RecordedAnswer[];
}

export type RecordedGateway = 'bifrost' | 'litellm';

export const recordingFile = (gateway: RecordedGateway, name: string): string =>
  path.join(import.meta.dirname, 'fixtures', gateway, `${name}.json`);

export const readRecording = (gateway: RecordedGateway, name: string): Recording =>
  JSON.parse(readFileSync(recordingFile(gateway, name), 'utf8')) as Recording;

/** One answer of a recording, by the name of what was asked. */
export function recordedAnswer(gateway: RecordedGateway, name: string, api: string): RecordedAnswer {
  const found = readRecording(gateway, name).answers.find((answer) => answer.api === api);
  if (found === undefined) throw new Error(`nothing of ${api} was recorded for ${name}`);
  return found;
}

/** With the times that belong into it. */
export function saidBy({ status, headers, body }: RecordedAnswer, resetAt: Date) {
  const reset = `${resetAt.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const filled = Object.entries(headers).map(([name, value]) => [name, value.replace('{{reset}}', reset)]);
  return {
    status,
    headers: Object.fromEntries(filled) as Record<string, string>,
    body: body.replaceAll('{{reset}}', reset),
  };
}

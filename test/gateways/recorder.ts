/** Asks a real gateway and writes down what it says, for the contract server of `npm test`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  type RecordedAnswer,
  type RecordedGateway,
  type Recording,
  recordingFile,
} from '../kit/gateways/recordings.ts';

/** Something to ask: a call for a model with this prompt, or without a body a reading. */
export interface AskedApi {
  readonly name: string;
  readonly path: string;
  readonly body?: (prompt: string) => object;
}

export const openaiCall = (prompt: string) => ({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: prompt }],
});
export const responsesCall = (input: string) => ({ model: 'gpt-4o-mini', input });
export const anthropicCall = (prompt: string) => ({
  ...openaiCall(prompt),
  model: 'claude-sonnet-4-5',
  max_tokens: 20,
});
export const geminiCall = (prompt: string) => ({ contents: [{ role: 'user', parts: [{ text: prompt }] }] });
export const streamed = (body: (prompt: string) => object) => (prompt: string) => ({
  ...body(prompt),
  stream: true,
});

export class Recorder {
  readonly #gateway: RecordedGateway;
  readonly #recorded: string;
  readonly #base: string;
  /** Of an answer's headers, those that say something to a client. */
  readonly #told: RegExp;
  readonly #scrub: (text: string) => string;

  constructor(
    gateway: RecordedGateway,
    recorded: string,
    port: number,
    told: RegExp,
    scrub: (text: string) => string,
  ) {
    this.#gateway = gateway;
    this.#recorded = recorded;
    this.#base = `http://127.0.0.1:${port}`;
    this.#told = told;
    this.#scrub = scrub;
  }

  async ask(
    { name, path: at, body }: AskedApi,
    headers: Readonly<Record<string, string>>,
    prompt = '',
  ): Promise<RecordedAnswer> {
    const reply = await fetch(this.#base + at, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body(prompt)) }),
    });
    const told = [...reply.headers].filter(([header]) => this.#told.test(header));
    return {
      api: name,
      path: at,
      status: reply.status,
      headers: Object.fromEntries(told.map(([header, value]) => [header, this.#scrub(value)])),
      body: this.#scrub(await reply.text()),
    };
  }

  write(name: string, answers: readonly RecordedAnswer[]): void {
    const file = recordingFile(this.#gateway, name);
    mkdirSync(path.dirname(file), { recursive: true });
    const recording: Recording = { recorded: this.#recorded, answers };
    writeFileSync(file, `${JSON.stringify(recording, undefined, 2)}\n`);
  }
}

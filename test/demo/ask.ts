// A program of somebody: the official OpenAI SDK, streaming. It knows a provider key and nothing of Postern or a gateway.
// Arguments: the prompt. Prints one JSON line for each piece of the answer and one for the end.
import { performance } from 'node:perf_hooks';
import OpenAI, { APIError } from 'openai';

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const startedMs = performance.now();
try {
  const stream = await new OpenAI().chat.completions.create({
    model: 'gpt-4o-mini',
    stream: true,
    messages: [{ role: 'user', content: process.argv[2] ?? '' }],
  });
  for await (const { choices } of stream) {
    const text = choices[0]?.delta.content ?? '';
    if (text !== '') say({ text, atMs: Math.round(performance.now() - startedMs) });
  }
  say({ ok: true });
} catch (error) {
  if (!(error instanceof APIError)) throw error;
  say({ ok: false, error: error.constructor.name, status: error.status, message: error.message });
}

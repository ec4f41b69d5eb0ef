// Arguments: generate | stream | count, then the prompt. Prints one JSON line.
import { GoogleGenAI } from '@google/genai';

const [what, prompt] = process.argv.slice(2);
const client = new GoogleGenAI({ apiKey: 'not-a-key' });
const request = { model: 'gemini-2.5-flash', contents: prompt };
const started = Date.now();
try {
  let text = '';
  let events = 0;
  let usage;
  if (what === 'generate') {
    const answer = await client.models.generateContent(request);
    text = answer.text;
    usage = answer.usageMetadata;
  } else if (what === 'count') {
    usage = await client.models.countTokens(request);
  } else {
    for await (const chunk of await client.models.generateContentStream(request)) {
      events += 1;
      text += chunk.text ?? '';
      usage = chunk.usageMetadata;
    }
  }
  console.log(JSON.stringify({ ok: true, text, events, usage, elapsedMs: Date.now() - started }));
} catch (error) {
  console.log(
    JSON.stringify({
      ok: false,
      kind: error.constructor.name,
      status: error.status,
      message: error.message,
      elapsedMs: Date.now() - started,
    }),
  );
}

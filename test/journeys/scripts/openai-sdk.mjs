// Arguments: chat | chat-stream | responses | responses-stream, then the prompt. Prints one JSON line.
import OpenAI from 'openai';

const [what, prompt] = process.argv.slice(2);
const client = new OpenAI({ apiKey: 'sk-test-not-a-key', maxRetries: 2 });
const started = Date.now();
try {
  let text = '';
  let events = 0;
  let usage;
  if (what === 'chat') {
    const answer = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: prompt }],
    });
    text = answer.choices[0].message.content;
    usage = answer.usage;
  } else if (what === 'chat-stream') {
    const stream = await client.chat.completions.create({
      model: 'gpt-4o-mini',
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: prompt }],
    });
    for await (const chunk of stream) {
      events += 1;
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
  } else if (what === 'responses') {
    const answer = await client.responses.create({ model: 'gpt-4o-mini', input: prompt });
    text = answer.output_text;
    usage = answer.usage;
  } else {
    const stream = await client.responses.create({ model: 'gpt-4o-mini', input: prompt, stream: true });
    for await (const event of stream) {
      events += 1;
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.completed') usage = event.response.usage;
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

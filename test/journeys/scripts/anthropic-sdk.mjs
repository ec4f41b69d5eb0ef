// Arguments: message | stream | count, then the prompt. Prints one JSON line.
import Anthropic from '@anthropic-ai/sdk';

const [what, prompt] = process.argv.slice(2);
const client = new Anthropic({ apiKey: 'sk-ant-test-not-a-key', maxRetries: 2 });
const request = {
  model: 'claude-sonnet-4-5',
  max_tokens: 200,
  messages: [{ role: 'user', content: prompt }],
};
const started = Date.now();
try {
  let text = '';
  let events = 0;
  let usage;
  if (what === 'message') {
    const answer = await client.messages.create(request);
    text = answer.content[0].text;
    usage = answer.usage;
  } else if (what === 'count') {
    const { max_tokens: _unused, ...counted } = request;
    usage = await client.messages.countTokens(counted);
  } else {
    const stream = client.messages.stream(request);
    for await (const event of stream) {
      events += 1;
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
    }
    usage = (await stream.finalMessage()).usage;
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

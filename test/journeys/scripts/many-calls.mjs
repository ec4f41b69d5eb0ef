// Argument: JSON list of { maker: "openai" | "anthropic", model, prompt }. Sends them one after the other; prints one JSON
// list of { ok, message }.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const openai = new OpenAI({ apiKey: 'sk-test-not-a-key', maxRetries: 0 });
const anthropic = new Anthropic({ apiKey: 'sk-ant-test-not-a-key', maxRetries: 0 });
const results = [];
for (const { maker, model, prompt } of JSON.parse(process.argv[2])) {
  const messages = [{ role: 'user', content: prompt }];
  try {
    if (maker === 'openai') await openai.chat.completions.create({ model, messages });
    else await anthropic.messages.create({ model, max_tokens: 200, messages });
    results.push({ ok: true });
  } catch (error) {
    results.push({ ok: false, message: error.message });
  }
}
console.log(JSON.stringify(results));

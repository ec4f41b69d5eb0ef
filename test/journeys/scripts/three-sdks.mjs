// Arguments: prompt, retries. Every SDK, unstreamed and streamed; prints one JSON line: {"openai": {"ok": …}, …}.
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

const [prompt, retries = '2'] = process.argv.slice(2);
const maxRetries = Number(retries);
const openai = new OpenAI({ apiKey: 'sk-provider-key-openai', maxRetries });
const anthropic = new Anthropic({ apiKey: 'sk-ant-provider-key-anthropic', maxRetries });
const google = new GoogleGenAI({ apiKey: 'provider-key-google' });
const model = 'gpt-4o-mini';
const messages = [{ role: 'user', content: prompt }];
const claude = { model: 'claude-sonnet-4-5', max_tokens: 200, messages };
const gemini = { model: 'gemini-2.5-flash', contents: prompt };

const CALLS = {
  async chat() {
    return (await openai.chat.completions.create({ model, messages })).choices[0].message.content;
  },
  async chatStream() {
    let text = '';
    for await (const chunk of await openai.chat.completions.create({ model, messages, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    return text;
  },
  async responses() {
    return (await openai.responses.create({ model, input: prompt })).output_text;
  },
  async responsesStream() {
    let text = '';
    for await (const event of await openai.responses.create({ model, input: prompt, stream: true }))
      if (event.type === 'response.output_text.delta') text += event.delta;
    return text;
  },
  async message() {
    return (await anthropic.messages.create(claude)).content[0].text;
  },
  async messageStream() {
    let text = '';
    for await (const event of anthropic.messages.stream(claude))
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
    return text;
  },
  async gemini() {
    return (await google.models.generateContent(gemini)).text;
  },
  async geminiStream() {
    let text = '';
    for await (const chunk of await google.models.generateContentStream(gemini)) text += chunk.text ?? '';
    return text;
  },
};

const said = {};
for (const [name, call] of Object.entries(CALLS)) {
  try {
    said[name] = { ok: true, text: await call() };
  } catch (error) {
    said[name] = { ok: false, kind: error.constructor.name, status: error.status, message: error.message };
  }
}
console.log(JSON.stringify(said));

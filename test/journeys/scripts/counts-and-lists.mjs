// What SDKs ask beside answers: token counts and model lists; prints one JSON line: {"countTokens": {"ok": …}, …}.
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

const openai = new OpenAI({ apiKey: 'sk-provider-key-openai', maxRetries: 0 });
const anthropic = new Anthropic({ apiKey: 'sk-ant-provider-key-anthropic', maxRetries: 0 });
const google = new GoogleGenAI({ apiKey: 'provider-key-google' });
const messages = [{ role: 'user', content: 'What is a postern?' }];

const CALLS = {
  async countTokens() {
    return (await anthropic.messages.countTokens({ model: 'claude-sonnet-4-5', messages })).input_tokens;
  },
  async geminiCountTokens() {
    const asked = { model: 'gemini-2.5-flash', contents: 'What is a postern?' };
    return (await google.models.countTokens(asked)).totalTokens;
  },
  async openaiModels() {
    return (await openai.models.list()).data.map(({ id }) => id);
  },
  async anthropicModels() {
    return (await anthropic.models.list()).data.map(({ id }) => id);
  },
};

const said = {};
for (const [name, call] of Object.entries(CALLS)) {
  try {
    said[name] = { ok: true, value: await call() };
  } catch (error) {
    said[name] = { ok: false, kind: error.constructor.name, status: error.status, message: error.message };
  }
}
console.log(JSON.stringify(said));

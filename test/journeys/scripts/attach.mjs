// Arguments: anthropic | openai-chat | openai-file, then a file and its media type. Sends the file as the vendor's SDK
// does and prints one JSON line: ok, or the status and message that a program would see.
import { createReadStream, readFileSync } from 'node:fs';
import path from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const [vendor, file, mediaType] = process.argv.slice(2);
const base64 = readFileSync(file).toString('base64');

const VENDORS = {
  async anthropic() {
    const source = { type: 'base64', media_type: mediaType, data: base64 };
    await new Anthropic({ apiKey: 'sk-ant-test-not-a-key', maxRetries: 2 }).messages.create({
      model: 'claude-opus-5-5',
      max_tokens: 200,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'document', source },
            { type: 'text', text: 'Sum it up.' },
          ],
        },
      ],
    });
  },
  async 'openai-chat'() {
    const file_data = `data:${mediaType};base64,${base64}`;
    await new OpenAI({ apiKey: 'sk-test-not-a-key', maxRetries: 2 }).chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [
        { role: 'user', content: [{ type: 'file', file: { filename: path.basename(file), file_data } }] },
      ],
    });
  },
  async 'openai-file'() {
    const client = new OpenAI({ apiKey: 'sk-test-not-a-key', maxRetries: 2 });
    await client.files.create({ file: createReadStream(file), purpose: 'assistants' });
  },
};

try {
  await VENDORS[vendor]();
  console.log(JSON.stringify({ ok: true }));
} catch (error) {
  console.log(JSON.stringify({ ok: false, status: error.status, message: error.message }));
}

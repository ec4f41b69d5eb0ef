// Arguments: openai-chat | openai-responses | anthropic | gemini, then the prompt. Streams one answer with the vendor's
// SDK and prints, as one JSON line, the text and the tool call's arguments as a program would see them.
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

const [vendor, prompt] = process.argv.slice(2);
const parameters = { type: 'object', properties: { to: { type: 'string' } } };
let text = '';
let toolArguments = '';

const VENDORS = {
  async 'openai-chat'() {
    const stream = await new OpenAI({ apiKey: 'sk-test-not-a-key' }).chat.completions.create({
      model: 'gpt-4o-mini',
      stream: true,
      messages: [{ role: 'user', content: prompt }],
      tools: [{ type: 'function', function: { name: 'send', parameters } }],
    });
    for await (const { choices } of stream) {
      text += choices[0]?.delta.content ?? '';
      toolArguments += choices[0]?.delta.tool_calls?.[0]?.function?.arguments ?? '';
    }
  },
  async 'openai-responses'() {
    const stream = await new OpenAI({ apiKey: 'sk-test-not-a-key' }).responses.create({
      model: 'gpt-4o-mini',
      stream: true,
      input: prompt,
    });
    let final;
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.function_call_arguments.delta') toolArguments += event.delta;
      if (event.type === 'response.completed') final = event.response.output[0];
    }
    // The last event repeats what the deltas said.
    const repeated = final.type === 'function_call' ? final.arguments : final.content[0].text;
    if (repeated !== (toolArguments || text)) throw new Error(`the repetition differs: ${repeated}`);
  },
  async anthropic() {
    const stream = new Anthropic({ apiKey: 'sk-ant-test-not-a-key' }).messages.stream({
      model: 'claude-opus-5-5',
      max_tokens: 200,
      messages: [{ role: 'user', content: prompt }],
      tools: [{ name: 'send', input_schema: parameters }],
    });
    const [block] = (await stream.finalMessage()).content;
    if (block.type === 'tool_use') toolArguments = JSON.stringify(block.input);
    else text = block.text;
  },
  async gemini() {
    const client = new GoogleGenAI({ apiKey: 'test-not-a-key' });
    const stream = await client.models.generateContentStream({ model: 'gemini-2.5-flash', contents: prompt });
    for await (const chunk of stream) {
      const part = chunk.candidates?.[0]?.content?.parts?.[0];
      text += part?.text ?? '';
      if (part?.functionCall) toolArguments = JSON.stringify(part.functionCall.args);
    }
  },
};

await VENDORS[vendor]();
console.log(JSON.stringify({ text, toolArguments }));

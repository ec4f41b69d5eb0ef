/** One request per dialect that shows every kind of part the format has. */
const PNG = 'iVBORw0KGgo=';
const ENV_FILE = Buffer.from('KEY=value\n').toString('base64');

export const CHAT = {
  model: 'gpt-5.2',
  stream: true,
  stream_options: { include_usage: true },
  n: 2,
  max_completion_tokens: 500,
  messages: [
    { role: 'developer', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}`, detail: 'low' } },
        { type: 'image_url', image_url: { url: 'https://example.org/cat.png' } },
        { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
        { type: 'file', file: { filename: '.env', file_data: `data:text/plain;base64,${ENV_FILE}` } },
        { type: 'hologram', beam: 'from the future' },
      ],
    },
    {
      role: 'assistant',
      content: null,
      refusal: 'No.',
      reasoning_content: 'Hm.',
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'read', arguments: '{"path":"a"}' } },
        { id: 'call_2', type: 'custom', custom: { name: 'patch', input: '*** Begin' } },
      ],
      function_call: { name: 'old', arguments: '{}' },
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'content of a' },
    { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'patched' }] },
    { role: 'function', name: 'old', content: 'result' },
  ],
  tools: [
    {
      type: 'function',
      function: {
        name: 'read',
        description: 'Reads a file',
        parameters: { type: 'object', properties: { type: { type: 'string', description: 'Kind' } } },
      },
    },
    { type: 'custom', custom: { name: 'patch', format: { type: 'grammar', definition: 'start: x' } } },
    { type: 'web_search' },
  ],
  functions: [{ name: 'old', description: 'Legacy' }],
  prediction: { type: 'content', content: 'expected text' },
  response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { title: 'Answer' } } },
};

export const RESPONSES = {
  type: 'response.create',
  model: 'gpt-5.2-codex',
  instructions: 'You are Codex.',
  previous_response_id: 'resp_0',
  max_output_tokens: 900,
  input: [
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Rules' }] },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'Look' },
        { type: 'input_image', image_url: `data:image/png;base64,${PNG}` },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
        { type: 'input_file', file_id: 'file-1' },
        { type: 'hologram', beam: 'future' },
      ],
    },
    { role: 'user', content: 'easy message' },
    {
      type: 'reasoning',
      id: 'rs',
      summary: [{ type: 'summary_text', text: 'plan' }],
      encrypted_content: 'gAAA',
    },
    {
      type: 'message',
      role: 'assistant',
      content: [
        { type: 'output_text', text: 'ok' },
        { type: 'refusal', refusal: 'no' },
      ],
    },
    { type: 'function_call', call_id: 'c1', name: 'shell', arguments: '{"cmd":"ls"}' },
    { type: 'function_call_output', call_id: 'c1', output: 'a.txt' },
    { type: 'custom_tool_call', call_id: 'c2', name: 'patch', input: '*** Begin' },
    { type: 'custom_tool_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'done' }] },
    { type: 'mcp_call', id: 'm', name: 'find', server_label: 's', arguments: '{"q":1}', output: 'found' },
    { type: 'web_search_call', id: 'w', action: { type: 'search', query: 'q' } },
    { type: 'code_interpreter_call', id: 'ci', code: 'print(1)', outputs: [{ type: 'logs', logs: '1' }] },
    { type: 'computer_call', call_id: 'c3', action: { type: 'type', text: 'typed' } },
    {
      type: 'computer_call_output',
      call_id: 'c3',
      output: { type: 'computer_screenshot', image_url: `data:image/png;base64,${PNG}` },
    },
    {
      type: 'local_shell_call',
      call_id: 'c4',
      action: { type: 'exec', command: ['ls', '-l'], env: { A: 'b' } },
    },
    {
      type: 'shell_call_output',
      call_id: 'c5',
      output: [{ stdout: 'out', stderr: 'err', outcome: { type: 'exit', exit_code: 0 } }],
    },
    { type: 'image_generation_call', id: 'ig', revised_prompt: 'a cat', result: PNG },
    {
      type: 'apply_patch_call',
      call_id: 'c6',
      operation: { type: 'update_file', path: 'a.txt', diff: '-a+b' },
    },
    { type: 'compaction', encrypted_content: 'gAAA' },
    { type: 'item_reference', id: 'x' },
    { type: 'time_travel', to: 'yesterday' },
  ],
  tools: [
    { type: 'function', name: 'shell', description: 'Runs', parameters: { type: 'object' }, strict: true },
    {
      type: 'mcp',
      server_label: 'wiki',
      server_url: 'https://mcp.example.org',
      authorization: 'intended for them',
    },
    {
      type: 'namespace',
      name: 'crm',
      description: 'CRM',
      tools: [{ type: 'function', name: 'get', description: 'Gets' }],
    },
    { type: 'web_search' },
  ],
  text: { format: { type: 'json_schema', name: 'answer', schema: { description: 'Answer' } } },
};

export const MESSAGES = {
  model: 'claude-opus-5',
  max_tokens: 32000,
  stream: true,
  system: [{ type: 'text', text: 'You are Claude Code.', cache_control: { type: 'ephemeral' } }],
  tools: [
    {
      name: 'Read',
      description: 'Reads',
      input_schema: { type: 'object', properties: { p: { description: 'Path' } } },
    },
    { type: 'web_search_20250305', name: 'web_search', max_uses: 5 },
  ],
  messages: [
    { role: 'user', content: 'plain' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 'EqQB' },
        { type: 'redacted_thinking', data: 'Emw' },
        { type: 'text', text: 'reading' },
        { type: 'tool_use', id: 'toolu_1', name: 'Read', input: { p: '/a', deep: { list: ['x'] } } },
        { type: 'server_tool_use', id: 'srv_1', name: 'web_search', input: { query: 'q' } },
        {
          type: 'web_search_tool_result',
          tool_use_id: 'srv_1',
          content: [{ type: 'web_search_result', title: 'T', url: 'https://e.org', encrypted_content: 'Eo' }],
        },
        {
          type: 'code_execution_tool_result',
          tool_use_id: 'srv_2',
          content: { type: 'code_execution_result', stdout: 'out', stderr: '', return_code: 0, content: [] },
        },
      ],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'toolu_1',
          content: [
            { type: 'text', text: 'file text' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
          ],
        },
        { type: 'tool_result', tool_use_id: 'toolu_9', content: 'plain result', is_error: true },
        {
          type: 'document',
          title: 'notes',
          source: { type: 'text', media_type: 'text/plain', data: 'document text' },
        },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' } },
        { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'block' }] } },
        { type: 'image', source: { type: 'url', url: 'https://e.org/a.png' } },
        { type: 'image', source: { type: 'file', file_id: 'file_1' } },
        { type: 'search_result', source: 'wiki', title: 'Page', content: [{ type: 'text', text: 'hit' }] },
        { type: 'hologram', beam: 'future' },
      ],
    },
    { role: 'system', content: 'reminder' },
  ],
};

export const GEMINI = {
  systemInstruction: { parts: [{ text: 'Be kind.' }] },
  contents: [
    { role: 'user', parts: [{ text: 'Hi' }, { inlineData: { mimeType: 'image/png', data: PNG } }] },
    {
      role: 'user',
      parts: [
        { inline_data: { mime_type: 'text/plain', data: ENV_FILE } },
        { file_data: { file_uri: 'gs://b/f', mime_type: 'audio/mp3' } },
      ],
    },
    {
      role: 'model',
      parts: [
        { text: 'thinking', thought: true },
        { text: 'signed', thoughtSignature: 'CsE' },
        { functionCall: { name: 'read', args: { path: 'a' } }, thoughtSignature: 'CsE' },
        { function_call: { name: 'read', args: { path: 'b' } } },
        { executableCode: { language: 'PYTHON', code: 'print(1)' } },
        { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
        { thoughtSignature: 'CsE' },
      ],
    },
    {
      role: 'user',
      parts: [
        { functionResponse: { name: 'read', response: { output: 'text of a' } } },
        { hologram: { beam: 'future' } },
      ],
    },
  ],
  tools: [
    {
      functionDeclarations: [
        {
          name: 'read',
          description: 'Reads',
          parameters: { type: 'OBJECT', properties: { path: { type: 'STRING', description: 'Where' } } },
        },
      ],
    },
    { googleSearch: {} },
  ],
  generationConfig: { maxOutputTokens: 100, responseSchema: { type: 'OBJECT', description: 'Answer' } },
};

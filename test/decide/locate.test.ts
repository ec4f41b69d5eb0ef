import { describe, expect, it } from 'vitest';
import { normalisePath } from '../../agent/src/decide/path-table.ts';
import { policyOf } from '../kit/decide.ts';

const plain = policyOf('');

describe('locate', () => {
  it.each<[string, string, string, string, string]>([
    ['POST', 'https://api.openai.com/v1/chat/completions', 'openai', 'generate', 'openai-chat'],
    ['POST', 'https://eu.api.openai.com/v1/responses', 'openai', 'generate', 'openai-responses'],
    ['WS', 'https://api.openai.com/v1/responses', 'openai', 'generate', 'openai-responses'],
    ['POST', 'https://api.openai.com/v1/embeddings', 'openai', 'embed', 'openai-embeddings'],
    ['POST', 'https://api.openai.com/v1/images/generations', 'openai', 'generate', 'opaque'],
    ['GET', 'https://api.openai.com/v1/models', 'openai', 'control', 'opaque'],
    ['GET', 'https://api.openai.com/v1/responses/resp_1', 'openai', 'control', 'opaque'],
    ['WS', 'https://api.openai.com/v1/else', 'openai', 'unknown', 'opaque'],
    [
      'POST',
      'https://api.anthropic.com/v1/messages?beta=true',
      'anthropic',
      'generate',
      'anthropic-messages',
    ],
    [
      'POST',
      'https://api.anthropic.com/v1/messages/count_tokens?beta=true',
      'anthropic',
      'count-tokens',
      'anthropic-messages',
    ],
    ['GET', 'https://api.anthropic.com/api/claude_code/settings', 'anthropic', 'control', 'opaque'],
    ['POST', 'https://api.anthropic.com/api/event_logging/v2/batch', 'anthropic', 'control', 'opaque'],
    [
      'POST',
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse',
      'gemini',
      'generate',
      'gemini',
    ],
    [
      'POST',
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:countTokens',
      'gemini',
      'count-tokens',
      'gemini',
    ],
    [
      'POST',
      'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions',
      'gemini',
      'generate',
      'openai-chat',
    ],
    [
      'POST',
      'https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google/models/gemini-3-pro:generateContent',
      'vertex-ai',
      'generate',
      'gemini',
    ],
    [
      'POST',
      'https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4:streamRawPredict',
      'vertex-ai',
      'generate',
      'anthropic-messages',
    ],
    [
      'POST',
      'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/anthropic/models/count-tokens:rawPredict',
      'vertex-ai',
      'count-tokens',
      'anthropic-messages',
    ],
    [
      'POST',
      'https://bedrock-runtime.eu-north-1.amazonaws.com/model/eu.anthropic.claude/invoke-with-response-stream',
      'bedrock',
      'generate',
      'opaque',
    ],
    [
      'POST',
      'https://acme.openai.azure.com/openai/deployments/gpt-5/chat/completions?api-version=1',
      'azure-openai',
      'generate',
      'openai-chat',
    ],
    [
      'POST',
      'https://acme.openai.azure.com/openai/v1/responses',
      'azure-openai',
      'generate',
      'openai-responses',
    ],
    ['POST', 'https://api.githubcopilot.com/chat/completions', 'github-copilot', 'generate', 'openai-chat'],
    [
      'POST',
      'https://api.enterprise.githubcopilot.com/responses',
      'github-copilot',
      'generate',
      'openai-responses',
    ],
    ['POST', 'https://api.githubcopilot.com/mcp/readonly', 'github-copilot', 'control', 'opaque'],
    ['WS', 'https://chatgpt.com/backend-api/codex/responses', 'codex', 'generate', 'openai-responses'],
    ['GET', 'https://chatgpt.com/backend-api/wham/config/bundle', 'codex', 'control', 'opaque'],
    ['POST', 'https://chatgpt.com/backend-api/f/conversation', 'chatgpt-web', 'generate', 'opaque'],
    ['GET', 'https://chatgpt.com/', 'chatgpt-web', 'unknown', 'opaque'],
    [
      'POST',
      'https://claude.ai/api/organizations/o/chat_conversations/c/completion',
      'claude-web',
      'generate',
      'opaque',
    ],
    ['POST', 'https://openrouter.ai/api/v1/chat/completions', 'openrouter', 'generate', 'openai-chat'],
    ['POST', 'https://openrouter.ai/api/v1/messages', 'openrouter', 'generate', 'anthropic-messages'],
    ['POST', 'https://api.groq.com/openai/v1/chat/completions', 'groq', 'generate', 'openai-chat'],
    ['POST', 'https://api.deepseek.com/anthropic/v1/messages', 'deepseek', 'generate', 'anthropic-messages'],
    [
      'POST',
      'https://gateway.ai.cloudflare.com/v1/acct/gw/openai/chat/completions',
      'cloudflare-ai-gateway',
      'generate',
      'openai-chat',
    ],
    ['POST', 'https://tenant.api.augmentcode.com/chat-stream', 'augment', 'generate', 'opaque'],
  ])('%s %s', (method, url, service, operation, dialect) => {
    const { hostname, pathname, search } = new URL(url);
    const location = plain.locate(
      hostname,
      method === 'WS' ? 'GET' : method,
      pathname + search,
      method === 'WS',
    );
    expect(location).toMatchObject({ service: { id: service }, operation, dialect, host: hostname });
  });

  it("can't be deceived by another spelling of the path", () => {
    for (const path of [
      '/v1//messages',
      '/v1/./messages',
      '/x/../v1/messages',
      '/v1/%6dessages',
      '/V1/Messages',
      '/v1/messages/',
      '//v1/messages#x',
      '/v1\\messages',
      '/v1/messages%3f',
      '/v1/messages?x=/v1/models',
    ]) {
      const expected = path.endsWith('%3f') ? 'control' : 'generate';
      expect(plain.locate('api.anthropic.com', 'POST', path, false)?.operation, path).toBe(expected);
    }
    expect(normalisePath('/../../..')).toBe('/');
    expect(normalisePath('')).toBe('/');
    expect(normalisePath('/%zz/%')).toBe('/%zz/%');
  });

  it('knows nothing about other hosts', () => {
    for (const host of [
      'example.com',
      'openai.com',
      'github.com',
      'api.github.com',
      'xapi.openai.com.evil.org',
      'evil-api.openai.com',
      '127.0.0.1',
      'googleapis.com',
      'storage.googleapis.com',
    ]) {
      expect(plain.locate(host, 'POST', '/v1/chat/completions', false), host).toBeUndefined();
      expect(plain.route(host), host).toBe('tunnel');
    }
  });
});

describe('route', () => {
  it('inspects what the catalogue governs and tunnels what it leaves alone', () => {
    expect(['api.openai.com', 'chatgpt.com', 'acme.openai.azure.com'].map(plain.route)).toEqual(
      Array(3).fill('inspect'),
    );
    expect(
      ['api2.cursor.sh', 'cdn.oaistatic.com', 'copilot.microsoft.com', 'huggingface.co'].map(plain.route),
    ).toEqual(Array(4).fill('tunnel'));
  });

  it('inspects to refuse: a blocked service has to be answered readably', () => {
    const compiled = policyOf('services:\n  - { match: cursor, mode: block }\n');
    expect(compiled.route('api2.cursor.sh')).toBe('inspect');
  });

  it('tunnels a service only if no call to it could need more', () => {
    expect(policyOf('services:\n  - { match: openai, mode: tunnel }\n').route('api.openai.com')).toBe(
      'tunnel',
    );
    const sometimes = policyOf(
      'services:\n  - { match: openai, mode: tunnel, when: app == "curl" }\n'.replace(
        'app == "curl"',
        '\'app == "curl"\'',
      ),
    );
    expect(sometimes.route('api.openai.com')).toBe('inspect');
    const kept = policyOf('services:\n  - { match: chatgpt-web, mode: tunnel }\n');
    expect(kept.route('chatgpt.com'), 'Codex is still governed on this host').toBe('inspect');
  });

  it('takes rules for single hosts of a wider service', () => {
    const compiled = policyOf(
      'services:\n  - { match: "*.acme.openai.azure.com", mode: direct }\n  - { match: azure-openai, mode: tunnel }\n',
    );
    expect(compiled.route('a.acme.openai.azure.com')).toBe('inspect');
    expect(compiled.route('other.openai.azure.com')).toBe('tunnel');
    expect(compiled.locate('a.acme.openai.azure.com', 'POST', '/openai/v1/responses', false)).toMatchObject({
      service: { id: 'azure-openai' },
      dialect: 'openai-responses',
    });
  });

  it('recognises hosts that only the policy names, by their paths or by the dialect given', () => {
    const compiled = policyOf(
      'services:\n  - { match: "*.llm.acme.com", mode: direct }\n  - { match: gw.acme.com, mode: direct, dialect: openai-chat }\n',
    );
    expect(compiled.route('eu.llm.acme.com')).toBe('inspect');
    expect(compiled.route('llm.acme.com')).toBe('tunnel');
    const at = (host: string, path: string) => compiled.locate(host, 'POST', path, false);
    expect(at('eu.llm.acme.com', '/proxy/v1/messages')).toMatchObject({
      service: { id: '*.llm.acme.com' },
      dialect: 'anthropic-messages',
    });
    expect(at('eu.llm.acme.com', '/v1beta/models/x:generateContent')).toMatchObject({ dialect: 'gemini' });
    expect(at('gw.acme.com', '/v1/chat/completions')).toMatchObject({ dialect: 'openai-chat' });
    expect(at('gw.acme.com', '/v1/messages')).toMatchObject({ operation: 'control' });
  });

  it('lists for the PAC file what it decrypts, and for the CA what it may ever certify', () => {
    const compiled = policyOf(
      'services:\n  - { match: llm.acme.com, mode: direct }\n  - { match: openai, mode: tunnel }\n',
    );
    const inspected = compiled.inspectedHosts();
    const certifiable = compiled.certifiableHosts();
    expect(inspected).toContain('llm.acme.com');
    expect(inspected).not.toContain('api.openai.com');
    expect(certifiable).toEqual(expect.arrayContaining(['llm.acme.com', 'api.openai.com', 'api2.cursor.sh']));
    expect(certifiable).not.toContain('*.oaistatic.com');
    for (const host of inspected) expect(certifiable).toContain(host);
  });

  it('leaves files and telemetry alone, unless a rule names them', () => {
    const all = policyOf('services:\n  - { match: "*", mode: direct }\n');
    expect(all.route('api2.cursor.sh')).toBe('inspect');
    expect(all.route('cdn.oaistatic.com')).toBe('tunnel');
    const named = policyOf('services:\n  - { match: openai-assets, mode: block }\n');
    expect(named.route('cdn.oaistatic.com')).toBe('inspect');
    expect(named.certifiableHosts()).toContain('*.oaistatic.com');
  });
});

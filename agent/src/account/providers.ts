/** Which of the price list's providers stands behind a service of the catalogue. */

const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['gemini', 'google'],
  ['gemini-code-assist', 'google'],
  ['vertex-ai', 'google'],
  ['google-ai-studio', 'google'],
  ['bedrock', 'aws'],
  ['azure-openai', 'azure'],
  ['xai', 'x-ai'],
  ['moonshot', 'moonshotai'],
  ['codex', 'openai'],
]);

/** Models on the user's own machine: running them costs nothing that a provider bills. */
const LOCAL_SERVICES: ReadonlySet<string> = new Set(['ollama', 'lm-studio', 'lmstudio', 'llama-cpp', 'vllm']);

export const providerOf = (service: string): string => PROVIDERS.get(service) ?? service;

export const isLocal = (service: string): boolean => LOCAL_SERVICES.has(service);

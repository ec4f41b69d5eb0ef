import type { PathRule, Service } from '../../../policies/schema/catalogue.ts';
import type { ServiceRule } from '../../../policies/schema/policy.ts';

type DialectChoice = NonNullable<ServiceRule['dialect']>;

const generate = (path: string, dialect: PathRule['dialect'], webSocket?: true): PathRule => ({
  path,
  methods: ['POST'],
  ...(webSocket ? { webSocket } : {}),
  operation: 'generate',
  dialect,
});

const OPENAI_EMBEDDINGS: PathRule = {
  path: '/**/embeddings',
  methods: ['POST'],
  operation: 'embed',
  dialect: 'openai-embeddings',
};

/** Where servers of each dialect listen, below whatever prefix a company's gateway puts before it. */
const PATHS: Readonly<Record<DialectChoice, readonly PathRule[]>> = {
  'openai-chat': [generate('/**/chat/completions', 'openai-chat'), OPENAI_EMBEDDINGS],
  'openai-responses': [generate('/**/responses', 'openai-responses', true), OPENAI_EMBEDDINGS],
  'anthropic-messages': [
    generate('/**/messages', 'anthropic-messages'),
    { ...generate('/**/messages/count_tokens', 'anthropic-messages'), operation: 'count-tokens' },
  ],
  gemini: [
    generate('/**/models/*:generateContent', 'gemini'),
    generate('/**/models/*:streamGenerateContent', 'gemini'),
    { ...generate('/**/models/*:countTokens', 'gemini'), operation: 'count-tokens' },
  ],
};

/** Servers that speak more than one dialect are common (vLLM, LiteLLM, Ollama): without a choice all are recognised. */
const ALL_PATHS = [...new Set(Object.values(PATHS).flat())];

/** The service that stands for a host which the policy names and the catalogue doesn't know. */
export function serviceOfPolicy(host: string, dialect: DialectChoice | undefined): Service {
  return {
    id: host,
    name: host,
    vendor: 'named by the policy',
    kind: 'api',
    hosts: [host],
    paths: [...(dialect === undefined ? ALL_PATHS : PATHS[dialect])],
    defaultMode: 'tunnel',
    evidence: 'K',
  };
}

/**
 * Names of OpenTelemetry's conventions that are still in development: copied, as its package advises, since a later
 * version of it may move them (https://opentelemetry.io/docs/specs/semconv/gen-ai/). A test compares them with it.
 */
import type { Operation } from './exchange.ts';

export const SEMCONV = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  model: 'gen_ai.request.model',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cachedTokens: 'gen_ai.usage.cache_read.input_tokens',
  tokenType: 'gen_ai.token.type',
  tokenUsage: 'gen_ai.client.token.usage',
  operationDuration: 'gen_ai.client.operation.duration',
  recordUid: 'log.record.uid',
  userName: 'user.name',
  hostName: 'host.name',
  deviceId: 'device.id',
  osType: 'os.type',
  instanceId: 'service.instance.id',
} as const;

/** `gen_ai.operation.name` has words of its own for these two. */
const OPERATIONS: Partial<Record<Operation, string>> = { generate: 'chat', embed: 'embeddings' };

/** `gen_ai.provider.name`: its well-known values, by the catalogue's service; others are told as they are. */
const PROVIDERS: Readonly<Record<string, string>> = {
  gemini: 'gcp.gemini',
  'vertex-ai': 'gcp.vertex_ai',
  bedrock: 'aws.bedrock',
  'azure-openai': 'azure.ai.openai',
  mistral: 'mistral_ai',
  xai: 'x_ai',
};

export const operationName = (operation: string): string => OPERATIONS[operation as Operation] ?? operation;

export const providerName = (service: string): string => PROVIDERS[service] ?? service;

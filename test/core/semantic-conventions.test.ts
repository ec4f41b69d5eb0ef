import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { expect, it } from 'vitest';
import { operationName, providerName, SEMCONV } from '../../agent/src/core/semantic-conventions.ts';

it('are those of the package, which is not loaded for them', () => {
  const known = new Set(Object.values(incubating).filter((value) => typeof value === 'string'));
  for (const name of Object.values(SEMCONV)) expect(known).toContain(name);
  for (const service of [
    'gemini',
    'vertex-ai',
    'bedrock',
    'azure-openai',
    'mistral',
    'xai',
    'openai',
    'anthropic',
  ]) {
    expect(known).toContain(providerName(service));
  }
  for (const operation of ['generate', 'embed']) expect(known).toContain(operationName(operation));
  expect(operationName('list-models')).toBe('list-models');
});

import { z } from 'zod';
import { guardrailBase } from './base.ts';

/** A check by another service, over HTTP. */
export const remoteGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('remote'),
  provider: z.enum(['bedrock', 'azure-content-safety', 'patronus', 'presidio', 'webhook']),
  url: z.url({ protocol: /^https?$/ }),
  timeoutMs: z.int().min(10).max(30_000).default(250),
  samplePercent: z.number().min(0).max(100).default(100),
});

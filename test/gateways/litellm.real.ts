/** Everything through the real LiteLLM proxy, whose keys stand in a file where its database would be. */
import { describe, it } from 'vitest';
import { describeGateway } from '../kit/gateways/journeys.ts';
import { describeModes } from '../kit/gateways/modes.ts';
import { describeKeys } from './litellm/keys.ts';
import { litellmPython } from './litellm/proxy.ts';
import { startRealLitellm } from './litellm/real.ts';

const installed = await litellmPython();
if ('missing' in installed) {
  describe('LiteLLM', () => {
    it('every mode and refusal', (context) => context.skip(installed.missing));
  });
} else {
  describeGateway('LiteLLM', startRealLitellm);
  describeModes('LiteLLM', startRealLitellm, {
    passesThrough: new Set(['anthropic']),
    // Its extra `proxy` lacks google-genai, without which it can't count for Gemini.
    cannot: /^geminiCount/,
  });
  describeKeys();
}

/** Everything through the real LiteLLM proxy, whose keys stand in a file where its database would be. */
import { describeGateway } from '../kit/gateways/journeys.ts';
import { describeModes } from '../kit/gateways/modes.ts';
import { startRealLitellm } from './litellm/real.ts';

describeGateway('LiteLLM', startRealLitellm);
describeModes('LiteLLM', startRealLitellm, {
  passesThrough: new Set(['anthropic']), // Its extra `proxy` lacks google-genai, without which it can't count for Gemini.
  cannot: /^geminiCount/,
});

/** Everything through the real Bifrost, where Go's module proxy offers it. */
import { describe, it } from 'vitest';
import { describeGateway } from '../kit/gateways/journeys.ts';
import { describeModes } from '../kit/gateways/modes.ts';
import { installBifrost, startRealBifrost } from './bifrost/real.ts';

const installed = await installBifrost();
if ('missing' in installed) {
  describe('Bifrost', () => {
    it('every mode and refusal', (context) => context.skip(installed.missing));
  });
} else {
  describeGateway('Bifrost', startRealBifrost);
  describeModes('Bifrost', startRealBifrost, {
    passesThrough: new Set(['anthropic', 'gemini']),
    cannot: undefined,
  });
}

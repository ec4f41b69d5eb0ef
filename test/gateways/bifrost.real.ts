/** Everything through the real Bifrost, where one can be had: `POSTERN_BIFROST_BIN`, or `go install`. */
import { describe, it } from 'vitest';
import { describeGateway } from '../kit/gateways/journeys.ts';
import { describeModes } from '../kit/gateways/modes.ts';
import { installBifrost } from './bifrost/install.ts';
import { describeKeys } from './bifrost/keys.ts';
import { startRealBifrost } from './bifrost/real.ts';

const installed = await installBifrost();
if ('missing' in installed) {
  describe('Bifrost', () => {
    it('every mode and refusal', (context) => context.skip(installed.missing));
  });
} else {
  describeGateway('Bifrost', startRealBifrost);
  describeModes('Bifrost', startRealBifrost, {
    passesThrough: new Set(['anthropic', 'gemini']),
    // It answers Gemini's token counts with an empty object (1.5.0-prerelease7).
    cannot: /^geminiCount/,
  });
  describeKeys();
}

/** Every mode through the real Portkey gateway; its refusals are part of `npm test`. */
import { describeGateway } from '../kit/gateways/journeys.ts';
import { describeModes } from '../kit/gateways/modes.ts';
import { startPortkey } from '../kit/gateways/portkey.ts';

describeGateway('Portkey', startPortkey);
describeModes('Portkey', startPortkey, {
  passesThrough: new Set(['anthropic', 'gemini']),
  cannot: undefined,
});

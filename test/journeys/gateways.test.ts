/** Calls through the company's gateway: the real Portkey, and contract servers for Bifrost and LiteLLM. */
import { startBifrost } from '../kit/gateways/bifrost.ts';
import { describeGateway } from '../kit/gateways/journeys.ts';
import { startLitellm } from '../kit/gateways/litellm.ts';
import { startPortkey } from '../kit/gateways/portkey.ts';

describeGateway('Bifrost', startBifrost);
describeGateway('LiteLLM', startLitellm);
describeGateway('Portkey', startPortkey);

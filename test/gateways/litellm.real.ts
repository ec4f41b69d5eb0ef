import { describeGateway } from '../kit/gateways/journeys.ts';
import { startRealLitellm } from './litellm/real.ts';

describeGateway('LiteLLM', startRealLitellm);

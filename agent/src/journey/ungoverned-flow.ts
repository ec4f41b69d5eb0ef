import type { Flow } from '../core/flow.ts';

/** A request that the policy has stopped naming between its connection and its head: carried, not looked at. */
export const ungovernedFlow: Flow = {
  requestPlan: { type: 'stream' },
  requestBody: () => ({ type: 'forward' }),
  requestBodyFailed: () => ({ type: 'forward' }),
  responseHead: () => ({ type: 'pass' }),
  responseData: () => [],
  responseEnd: () => [],
  responseBody: () => ({ type: 'forward' }),
  responseBodyFailed: () => ({ type: 'forward' }),
  openWebSocket: () => ({ type: 'relay', message: () => [{ type: 'forward' }] }),
  finish: () => undefined,
};

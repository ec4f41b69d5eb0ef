import type { TrayBridge } from './bridge.ts';

/** Names of the messages between page and main process. */
export const CHANNELS = {
  facts: 'postern:facts',
  call: 'postern:call',
  subscribe: 'postern:subscribe',
  event: 'postern:event',
  saveFile: 'postern:save-file',
  copyText: 'postern:copy-text',
  openAddress: 'postern:open-address',
} as const;

export type PageFacts = Pick<TrayBridge, 'locales' | 'version'>;

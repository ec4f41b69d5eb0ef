import type { TrayBridge } from '../shared/bridge.ts';
import { startApp } from './start.tsx';

declare global {
  interface Window {
    /** Put there by the preload script. */
    readonly postern: TrayBridge;
  }
}

startApp(window.postern);

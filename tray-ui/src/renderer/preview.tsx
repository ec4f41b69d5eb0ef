import { previewBridge } from './preview-bridge.ts';
import { startApp } from './start.tsx';

startApp(previewBridge());

import { render } from 'preact';
import type { TrayBridge } from '../shared/bridge.ts';

export function startApp(bridge: TrayBridge): void {
  const root = document.getElementById('app');
  if (root === null) throw new Error('the page has no #app');
  render(<p>Postern {bridge.version}</p>, root);
}

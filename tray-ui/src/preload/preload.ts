/** The only code that both the page and Electron see: it hands the bridge over and knows nothing else. */
import { contextBridge, ipcRenderer } from 'electron';
import type { BridgeEvent, PageCall, TrayBridge } from '../shared/bridge.ts';
import { CHANNELS, type PageFacts } from '../shared/channels.ts';

const facts = ipcRenderer.sendSync(CHANNELS.facts) as PageFacts;

const bridge: TrayBridge = {
  call: ((name: PageCall, input: unknown) =>
    ipcRenderer.invoke(CHANNELS.call, name, input)) as TrayBridge['call'],
  subscribe(listener) {
    const heard = (_event: unknown, event: BridgeEvent): void => listener(event);
    ipcRenderer.on(CHANNELS.event, heard);
    ipcRenderer.send(CHANNELS.subscribe);
    return () => void ipcRenderer.removeListener(CHANNELS.event, heard);
  },
  saveFile: (name, text) => ipcRenderer.invoke(CHANNELS.saveFile, name, text) as Promise<boolean>,
  openAddress: (url) => ipcRenderer.invoke(CHANNELS.openAddress, url) as Promise<boolean>,
  copyText: (text) => ipcRenderer.invoke(CHANNELS.copyText, text) as Promise<void>,
  ...facts,
};

contextBridge.exposeInMainWorld('postern', bridge);

import { writeFile } from 'node:fs/promises';
import type { IpcMainEvent, IpcMainInvokeEvent } from 'electron';
import type { BridgeAnswer } from '../shared/bridge.ts';
import { CHANNELS, type PageFacts } from '../shared/channels.ts';
import type { AgentLink } from './agent-link.ts';
import { addressToOpen, openInBrowser } from './browser.ts';
import type { Electron } from './electron-port.ts';
import type { Faults } from './faults.ts';
import type { TrayWindow } from './window.ts';

export interface PageDoorOptions {
  readonly electron: Electron;
  readonly link: Pick<AgentLink, 'call' | 'subscribe'>;
  readonly window: TrayWindow;
  readonly facts: PageFacts;
  readonly faults: Faults;
}

/** Answers what the page asks, and nobody else. */
export function openPageDoor({ electron, link, window, facts, faults }: PageDoorOptions): void {
  const { ipcMain, dialog, clipboard } = electron;
  const isOurs = (event: IpcMainEvent | IpcMainInvokeEvent): boolean =>
    window.isOurs(event.sender.id, event.senderFrame?.url ?? '');
  const handle = (channel: string, answer: (...args: unknown[]) => unknown): void =>
    ipcMain.handle(channel, async (event, ...args: unknown[]) => {
      if (!isOurs(event)) throw new Error('not from our page');
      try {
        return await answer(...args);
      } catch (error) {
        faults.report(channel, error);
        throw error;
      }
    });

  ipcMain.on(CHANNELS.facts, (event) => {
    event.returnValue = window.isOurWindow(event.sender.id) ? facts : undefined;
  });
  let stop: (() => void) | undefined;
  window.onClosed(() => {
    stop?.();
    stop = undefined;
  });
  ipcMain.on(CHANNELS.subscribe, (event) => {
    if (!isOurs(event)) return;
    stop?.();
    stop = link.subscribe((news) => window.send(news));
    window.ready();
  });
  // A page that could have any address opened would have a way out of its sandbox.
  const given = new Set<string>();
  handle(CHANNELS.call, async (name, input): Promise<BridgeAnswer<unknown>> => {
    const answer = await link.call(String(name), input);
    const address = answer.ok ? addressToOpen(String(name), answer.output) : undefined;
    if (address !== undefined) given.add(address);
    return answer;
  });
  handle(CHANNELS.openAddress, async (url) => {
    if (!given.has(String(url))) return false;
    await openInBrowser(electron, String(url));
    return true;
  });
  handle(CHANNELS.copyText, (text) => clipboard.writeText(String(text)));
  handle(CHANNELS.saveFile, async (name, text) => {
    const { canceled, filePath } = await dialog.showSaveDialog({ defaultPath: String(name) });
    if (canceled || filePath === '') return false;
    await writeFile(filePath, String(text), { mode: 0o600 });
    return true;
  });
}

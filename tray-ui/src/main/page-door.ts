import { writeFile } from 'node:fs/promises';
import type { IpcMainEvent, IpcMainInvokeEvent } from 'electron';
import { CHANNELS, type PageFacts } from '../shared/channels.ts';
import type { AgentLink } from './agent-link.ts';
import type { Electron } from './electron-port.ts';
import type { TrayWindow } from './window.ts';

/** Answers what the page asks, and nobody else. */
export function openPageDoor(
  { ipcMain, dialog, clipboard }: Electron,
  link: AgentLink,
  window: TrayWindow,
  facts: PageFacts,
): void {
  const isOurs = (event: IpcMainEvent | IpcMainInvokeEvent): boolean =>
    window.isOurs(event.sender.id, event.senderFrame?.url ?? '');
  const handle = (channel: string, answer: (...args: unknown[]) => unknown): void =>
    ipcMain.handle(channel, (event, ...args: unknown[]) => {
      if (!isOurs(event)) throw new Error('not from our page');
      return answer(...args);
    });

  ipcMain.on(CHANNELS.facts, (event) => {
    event.returnValue = isOurs(event) ? facts : undefined;
  });
  let stop: (() => void) | undefined;
  ipcMain.on(CHANNELS.subscribe, (event) => {
    if (!isOurs(event)) return;
    stop?.();
    stop = link.subscribe((news) => window.send(news));
    window.ready();
  });
  handle(CHANNELS.call, (name, input) => link.call(String(name), input));
  handle(CHANNELS.copyText, (text) => clipboard.writeText(String(text)));
  handle(CHANNELS.saveFile, async (name, text) => {
    const { canceled, filePath } = await dialog.showSaveDialog({ defaultPath: String(name) });
    if (canceled || filePath === '') return false;
    await writeFile(filePath, String(text), { mode: 0o600 });
    return true;
  });
}

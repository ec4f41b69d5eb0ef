import { writeFile } from 'node:fs/promises';
import type { IpcMainEvent, IpcMainInvokeEvent } from 'electron';
import type { BridgeAnswer } from '../shared/bridge.ts';
import { CHANNELS, type PageFacts } from '../shared/channels.ts';
import type { AgentLink } from './agent-link.ts';
import type { Electron } from './electron-port.ts';
import type { TrayWindow } from './window.ts';

/** Answers what the page asks, and nobody else. */
export function openPageDoor(
  { ipcMain, dialog, clipboard, shell }: Electron,
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
  // A page that asks for any address at all to be opened would be a way out of the sandbox.
  const given = new Set<string>();
  handle(CHANNELS.call, async (name, input) => {
    const answer = await link.call(String(name), input);
    for (const url of addressesIn(answer)) given.add(url);
    return answer;
  });
  handle(CHANNELS.openAddress, async (url) => {
    if (!given.has(String(url))) return false;
    await shell.openExternal(String(url));
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

/** Where `signIn` and `signOut` send the person: the organisation's own sign-in pages. */
export function addressesIn(answer: BridgeAnswer<unknown>): readonly string[] {
  if (!answer.ok || typeof answer.output !== 'object' || answer.output === null) return [];
  const { url, endSessionUrl } = answer.output as { url?: unknown; endSessionUrl?: unknown };
  return [url, endSessionUrl].filter(
    (one): one is string => typeof one === 'string' && /^https?:$/.test(URL.parse(one)?.protocol ?? ''),
  );
}

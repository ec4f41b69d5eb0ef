import { spawn } from 'node:child_process';
import type { Environment, Platform } from './operating-system.ts';

/** A browser that is already open takes the address and returns; one that isn't takes its time. */
const START_MS = 3_000;

/** Shows an http(s) address in the person's browser, with their own environment. False if that can't be done. */
export async function openBrowser(here: Platform, url: string, env: Environment): Promise<boolean> {
  const { protocol } = new URL(url);
  // Other schemes start other programs.
  if (protocol !== 'https:' && protocol !== 'http:') return false;
  const command = here.browserCommand(url, env);
  if (command === undefined) return false;
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env: { ...env },
      stdio: 'ignore',
      detached: true,
      windowsHide: true,
    });
    const timer = setTimeout(() => settle(true), START_MS);
    const settle = (opened: boolean): void => {
      clearTimeout(timer);
      child.unref();
      resolve(opened);
    };
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0));
  });
}

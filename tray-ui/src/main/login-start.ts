import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Electron } from './electron-port.ts';

/** Whether the tray starts when the person signs in to the computer. The system holds the truth. */
export interface LoginStart {
  isOn(): boolean;
  set(on: boolean): void;
}

export interface LoginStartOptions {
  readonly app: Electron['app'];
  readonly os: NodeJS.Platform;
  /** The program: of an AppImage, its file rather than where it is mounted today. */
  readonly program: string;
  /** `$XDG_CONFIG_HOME`, and where installers put theirs. */
  readonly userAutostart: string;
  readonly systemAutostart: string;
}

export function loginStart(options: LoginStartOptions): LoginStart {
  return options.os === 'darwin' || options.os === 'win32' ? byElectron(options) : byDesktopFile(options);
}

/** Started by the system, not by the person: no window. */
const AT_LOGIN = '--at-login';

/** Whether the arguments say so, or macOS does, which gives none. */
export const isLoginStart = (args: readonly string[], app: Electron['app'], os: NodeJS.Platform): boolean =>
  args.includes(AT_LOGIN) || (os === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin);

/** A program that isn't packaged is Electron with our folder as its argument. */
const argsOf = ({ app }: LoginStartOptions): string[] => [
  ...(app.isPackaged ? [] : [app.getAppPath()]),
  AT_LOGIN,
];

function byElectron(options: LoginStartOptions): LoginStart {
  const { app, os, program } = options;
  const target = os === 'win32' ? { path: program, args: argsOf(options).map((arg) => `"${arg}"`) } : {};
  return {
    isOn: () => app.getLoginItemSettings(target).openAtLogin,
    set: (on) => app.setLoginItemSettings({ openAtLogin: on, ...target }),
  };
}

const FILE = 'postern-tray.desktop';

/**
 * Linux, where Electron offers nothing: https://specifications.freedesktop.org/autostart-spec. The person's file hides
 * the system's of the same name, so that "off" is a file that says `Hidden=true`.
 */
function byDesktopFile(options: LoginStartOptions): LoginStart {
  const own = path.join(options.userAutostart, FILE);
  const system = path.join(options.systemAutostart, FILE);
  return {
    isOn() {
      const file = [own, system].find((candidate) => existsSync(candidate));
      return file !== undefined && !/^Hidden=true$/m.test(readFileSync(file, 'utf8'));
    },
    set(on) {
      const command = [options.program, ...argsOf(options)].map(quoted).join(' ');
      mkdirSync(options.userAutostart, { recursive: true });
      writeFileSync(
        own,
        `[Desktop Entry]\nType=Application\nName=Postern\nExec=${command}\nX-GNOME-Autostart-enabled=${on}\nHidden=${!on}\n`,
      );
    },
  };
}

/** specifications.freedesktop.org/desktop-entry-spec, "The Exec key": quoted, then escaped once more as a string value. */
const quoted = (word: string): string =>
  `"${word
    .replace(/[\\"`$]/g, '\\$&')
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')}"`;

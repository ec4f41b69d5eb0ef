import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Local hours: from, to; may pass midnight. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
}

/** What the person has chosen for the tray on this computer. What is absent was never chosen. */
export interface TraySettings {
  readonly quietHours?: QuietHours;
  readonly startAtLogin?: boolean;
}

/** One small file that belongs to the tray alone; nothing in it can weaken what the agent enforces. */
export class SettingsFile {
  readonly #file: string;
  readonly #onFault: (where: string, error: unknown) => void;
  #settings: TraySettings | undefined;

  constructor(file: string, onFault: (where: string, error: unknown) => void) {
    this.#file = file;
    this.#onFault = onFault;
  }

  /** Read once: nobody else writes it while the one tray runs. */
  get current(): TraySettings {
    this.#settings ??= this.#read();
    return this.#settings;
  }

  /** Whole or not at all: written beside and put in its place. */
  change(changes: { readonly [Key in keyof TraySettings]: TraySettings[Key] | undefined }): void {
    const entries = Object.entries({ ...this.current, ...changes }).filter(
      ([, value]) => value !== undefined,
    );
    this.#settings = Object.fromEntries(entries);
    mkdirSync(path.dirname(this.#file), { recursive: true });
    const beside = `${this.#file}.new`;
    writeFileSync(beside, `${JSON.stringify(this.#settings, null, 2)}\n`, { mode: 0o600 });
    renameSync(beside, this.#file);
  }

  #read(): TraySettings {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#onFault(this.#file, error);
      return {};
    }
    try {
      return parseSettings(JSON.parse(text));
    } catch (error) {
      this.#keepAside(error);
      return {};
    }
  }

  /** A person may have written it by hand: it isn't lost, and the reason stands in the log. */
  #keepAside(reason: unknown): void {
    const aside = `${this.#file}.bad`;
    this.#onFault(`${this.#file} (kept as ${path.basename(aside)})`, reason);
    try {
      renameSync(this.#file, aside);
    } catch (error) {
      this.#onFault(this.#file, error);
    }
  }
}

/** Unknown keys are dropped: a newer version may have written them. */
export function parseSettings(value: unknown): TraySettings {
  const { quietHours, startAtLogin } = objectOf(value, 'the file');
  if (startAtLogin !== undefined && typeof startAtLogin !== 'boolean')
    throw new Error('startAtLogin must be true or false');
  return {
    ...(quietHours !== undefined && { quietHours: hoursOf(quietHours) }),
    ...(startAtLogin !== undefined && { startAtLogin }),
  };
}

function hoursOf(value: unknown): QuietHours {
  const { from, to } = objectOf(value, 'quietHours');
  return { from: hour(from, 'quietHours.from'), to: hour(to, 'quietHours.to') };
}

function hour(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 23) return value;
  throw new Error(`${field} must be a whole hour from 0 to 23`);
}

function objectOf(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new Error(`${field} must be an object`);
}

import { z } from 'zod';
import { readPrivateFile, writePrivateFile } from '../platform/private-files.ts';
import { LocalApiError } from '../serve/local-api-error.ts';
import { OVERRIDE_SCOPES, type OverrideScope, readCode } from './override-code.ts';

export interface OverrideInForce {
  readonly scope: OverrideScope;
  readonly untilMs: number;
}

export interface OverrideKeeperOptions {
  /** Undefined where codes can't be used here; throws CommandFailure where the secret can't be read. */
  secret(): Uint8Array | undefined;
  readonly device: string;
  readonly file: string;
  nowMs(): number;
  event(code: string, detail: string): void;
  onChange(): void;
}

const stateSchema = z.object({
  scope: z.enum(OVERRIDE_SCOPES).optional(),
  untilMs: z.number().default(0),
  enteredAtMs: z.number().default(0),
  wrong: z.number().default(0),
  lockedUntilMs: z.number().default(0),
});

const FREE_GUESSES = 5;
const FIRST_LOCK_MS = 60_000;
const LONGEST_LOCK_MS = 24 * 3_600_000;

/** A help desk's code: which one is in force, and how many wrong ones were tried; across restarts. */
export class OverrideKeeper {
  readonly #options: OverrideKeeperOptions;
  #state: z.infer<typeof stateSchema>;

  constructor(options: OverrideKeeperOptions) {
    this.#options = options;
    this.#state = read(options.file);
  }

  /** One that began in the future was entered under another clock: it doesn't count. */
  inForce(): OverrideInForce | undefined {
    const { scope, untilMs, enteredAtMs } = this.#state;
    const nowMs = this.#options.nowMs();
    return scope !== undefined && enteredAtMs <= nowMs && nowMs < untilMs ? { scope, untilMs } : undefined;
  }

  /** Throws LocalApiError: not possible here, wrong, or too many wrong ones. */
  enter(code: string): OverrideInForce {
    const { event, device } = this.#options;
    const nowMs = this.#options.nowMs();
    const secret = this.#options.secret();
    if (secret === undefined)
      throw new LocalApiError(
        'forbidden',
        'Your organisation has not set up override codes for this device.',
      );
    const { lockedUntilMs } = this.#state;
    // A clock set forward and back must not lock for longer than the longest lock.
    if (nowMs < lockedUntilMs && lockedUntilMs - nowMs <= LONGEST_LOCK_MS) {
      const minutes = Math.ceil((lockedUntilMs - nowMs) / 60_000);
      throw new LocalApiError('conflict', `Too many wrong codes: wait ${minutes} minutes.`);
    }
    const reading = readCode(secret, device, code, nowMs);
    if (!reading.ok) {
      if (reading.why === 'wrong') this.#guessed(nowMs);
      throw new LocalApiError('bad-request', WHY[reading.why].replace('DEVICE', device));
    }
    const { scope, untilMs } = reading;
    this.#save({ scope, untilMs, enteredAtMs: nowMs, wrong: 0, lockedUntilMs: 0 });
    event('override-entered', `${scope} until ${new Date(untilMs).toISOString()}`);
    this.#options.onChange();
    return { scope, untilMs };
  }

  /** False if none was in force. */
  end(): boolean {
    if (this.inForce() === undefined) return false;
    this.#save({ ...this.#state, scope: undefined, untilMs: 0 });
    this.#options.event('override-ended', 'asked for');
    this.#options.onChange();
    return true;
  }

  #guessed(nowMs: number): void {
    const wrong = this.#state.wrong + 1;
    const over = wrong - FREE_GUESSES;
    const lockMs = over < 0 ? 0 : Math.min(LONGEST_LOCK_MS, FIRST_LOCK_MS * 2 ** Math.min(over, 20));
    this.#save({ ...this.#state, wrong, lockedUntilMs: nowMs + lockMs });
    this.#options.event('override-refused', `a wrong code, number ${wrong}`);
  }

  #save(state: z.infer<typeof stateSchema>): void {
    this.#state = state;
    writePrivateFile(this.#options.file, JSON.stringify(state));
  }
}

const WHY = {
  'not-a-code': 'This is no override code: it has twelve letters and digits, such as K7QM-2X4D-9RTP.',
  wrong: 'This code is wrong, or made for another device than DEVICE.',
  ended: 'The time of this code is up: ask for a new one.',
  'too-long': 'This code would last too long: ask for a shorter one, and check the clock of this device.',
} as const;

/** A file that isn't what we wrote allows nothing. */
function read(file: string): z.infer<typeof stateSchema> {
  const text = readPrivateFile(file);
  try {
    return stateSchema.parse(text === undefined ? {} : JSON.parse(text));
  } catch {
    return stateSchema.parse({});
  }
}

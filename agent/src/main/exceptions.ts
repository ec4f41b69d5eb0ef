import { randomBytes } from 'node:crypto';
import type { PolicyException } from '../core/exception.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { readPrivateFile, writePrivateFile } from '../platform/private-files.ts';
import type { StoredExchange } from '../record/reports/query.ts';
import { LocalApiError } from '../serve/local-api-error.ts';
import { inOneLine } from './in-one-line.ts';

const MINUTE_MS = 60_000;

export interface ExceptionKeeperOptions {
  readonly file: string;
  readonly policy: () => CompiledPolicy;
  nowMs(): number;
  /** Every exception is in the audit log, with its reason. */
  event(code: string, detail: string): void;
}

/** Reasons that were given for calls which `justify` rules stop: which are in force, across restarts. */
export class ExceptionKeeper {
  readonly #options: ExceptionKeeperOptions;
  #all: readonly PolicyException[];

  constructor(options: ExceptionKeeperOptions) {
    this.#options = options;
    this.#all = read(options.file);
  }

  /** One that began in the future was given under another clock: it doesn't count until then. */
  inForce(): readonly PolicyException[] {
    const nowMs = this.#options.nowMs();
    return this.#all.filter(({ grantedAtMs, untilMs }) => grantedAtMs <= nowMs && nowMs < untilMs);
  }

  find(rule: string, app: string): PolicyException | undefined {
    if (this.#all.length === 0) return undefined;
    const found = this.inForce().find((exception) => exception.rule === rule && exception.app === app);
    if (found === undefined) return undefined;
    // Whatever the file says, none lasts longer than its rule allows now.
    const minutes =
      this.#options.policy().policy.guardrails.find(({ id }) => id === rule)?.justifyMinutes ?? 0;
    return this.#options.nowMs() < found.grantedAtMs + minutes * MINUTE_MS ? found : undefined;
  }

  /** For each rule that wanted a reason for this call. Throws LocalApiError if none did. */
  grant(refused: StoredExchange, given: string): readonly PolicyException[] {
    const reason = inOneLine(given);
    const { policy, nowMs, event } = this.#options;
    const wanting = new Set(
      refused.rules.filter(({ action }) => action === 'justify').map(({ rule }) => rule),
    );
    if (refused.effective !== 'justify' || wanting.size === 0) {
      throw new LocalApiError('conflict', `The call ${refused.id} wasn't held back for a reason.`);
    }
    const rules = policy().policy.guardrails.filter(
      ({ id, action }) => wanting.has(id) && action === 'justify',
    );
    if (rules.length === 0) {
      throw new LocalApiError('conflict', 'The policy has changed since: send the call again.');
    }
    const grantedAtMs = nowMs();
    const granted = rules.map(({ id, justifyMinutes }) => ({
      id: `x-${randomBytes(4).toString('hex')}`,
      rule: id,
      app: refused.app.id,
      decisionId: refused.id,
      reason,
      grantedAtMs,
      untilMs: grantedAtMs + justifyMinutes * MINUTE_MS,
    }));
    const replaced = (old: PolicyException): boolean =>
      granted.some(({ rule, app }) => rule === old.rule && app === old.app);
    this.#replace([...this.inForce().filter((old) => !replaced(old)), ...granted]);
    for (const { id, rule, app, decisionId, untilMs } of granted) {
      const until = new Date(untilMs).toISOString();
      event(
        'exception-granted',
        `${id}: rule ${rule}, app ${app}, for ${decisionId}, until ${until}: ${reason}`,
      );
    }
    return granted;
  }

  /** False if there is none of that id. */
  revoke(id: string): boolean {
    const exception = this.#all.find((one) => one.id === id);
    if (exception === undefined) return false;
    this.#replace(this.#all.filter((one) => one !== exception));
    this.#options.event('exception-revoked', `${id}: rule ${exception.rule}, app ${exception.app}`);
    return true;
  }

  #replace(all: readonly PolicyException[]): void {
    writePrivateFile(this.#options.file, JSON.stringify(all));
    this.#all = all;
  }
}

/** A file that isn't ours to read, or isn't what we wrote, grants nothing. */
function read(file: string): readonly PolicyException[] {
  const text = readPrivateFile(file);
  if (text === undefined) return [];
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) ? found.filter(isException) : [];
  } catch {
    return [];
  }
}

function isException(value: unknown): value is PolicyException {
  if (typeof value !== 'object' || value === null) return false;
  const { id, rule, app, grantedAtMs, untilMs } = value as Partial<Record<keyof PolicyException, unknown>>;
  return (
    [id, rule, app].every((text) => typeof text === 'string') &&
    [grantedAtMs, untilMs].every((time) => Number.isFinite(time))
  );
}

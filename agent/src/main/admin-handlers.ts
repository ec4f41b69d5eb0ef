import type { AdminHandlers, AgentStatus, Handlers } from '../serve/contract.ts';
import type { AgentState } from './agent-state.ts';

const MINUTE_MS = 60_000;

/**
 * What an admin is told (decision 0194): how the machine, its settings and its ways stand. Not what its person does: no
 * name, no budgets of theirs, no words of incidents (they name hosts), and no calls at all.
 */
export function createAdminHandlers(handlers: Handlers, state: AgentState): AdminHandlers {
  return {
    status: async () => withoutPerson(await handlers.status({})),
    policy: handlers.policy,
    doctor: handlers.doctor,
    diagnostics: async () => {
      const { files } = await handlers.diagnostics({});
      return { files: files.filter(({ name }) => !PERSONAL_FILES.has(name)).map(lessPersonal) };
    },
    resume() {
      state.resume('asked for by an admin');
      return { done: true };
    },
    reload: handlers.reload,
  };
}

const PERSONAL_FILES: ReadonlySet<string> = new Set(['apps.json', 'last-calls.json']);

/** Names have been taken out of the text already, and stay out. */
const lessPersonal = ({ name, text }: { readonly name: string; readonly text: string }) => ({
  name,
  text:
    name === 'status.json'
      ? JSON.stringify(withoutPerson(JSON.parse(text) as AgentStatus), undefined, 2)
      : text,
});

function withoutPerson({ identity, incidents, gateway, ...status }: AgentStatus): AgentStatus {
  const { user: _user, pending: _pending, ...rest } = identity;
  return {
    ...status,
    identity: rest,
    ...(gateway !== undefined && { gateway: withoutQuota(gateway) }),
    budgets: [],
    incidents: incidents.map((incident) => ({ ...incident, detail: '' })),
  };
}

/** What a key has spent is what its person has. */
function withoutQuota({ quota: _quota, ...gateway }: NonNullable<AgentStatus['gateway']>) {
  return gateway;
}

/** Every call of an admin is in the person's log; one that is asked every few seconds, once a minute. */
export class AdminTrace {
  readonly #state: Pick<AgentState, 'event' | 'incident'>;
  readonly #nowMs: () => number;
  readonly #toldAtMs = new Map<string, number>();

  constructor(state: Pick<AgentState, 'event' | 'incident'>, nowMs: () => number = () => performance.now()) {
    this.#state = state;
    this.#nowMs = nowMs;
  }

  called(call: string, allowed: boolean): void {
    const kind = `${call} ${allowed}`;
    const toldAtMs = this.#toldAtMs.get(kind);
    if (toldAtMs !== undefined && this.#nowMs() - toldAtMs < MINUTE_MS) return;
    this.#toldAtMs.set(kind, this.#nowMs());
    if (allowed) this.#state.event('admin-asked', call);
    else this.#state.incident('admin-refused', `${call} is for the person at the device`);
  }
}

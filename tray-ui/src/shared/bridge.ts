/**
 * What the renderer can do, and all it can do: the one door between a page without Node and whoever speaks to the agent
 * for it (Electron's main process, or the preview server in development). Plain data only.
 */
import type {
  AgentStatus,
  Call,
  CallInput,
  CallOutput,
  ExchangeView,
} from '../../../agent/src/serve/contract.ts';

/** Calls of the local API that a page may make. `stop` isn't among them: a person pauses, an administrator stops. */
export const PAGE_CALLS = [
  'status',
  'exchanges',
  'exchange',
  'content',
  'apps',
  'policy',
  'doctor',
  'diagnostics',
  'deleteContent',
  'usage',
  'limits',
  'pause',
  'resume',
  'justify',
  'exceptions',
  'revokeException',
  'reload',
  'signIn',
  'cancelSignIn',
  'signOut',
  'useKey',
  'override',
  'endOverride',
] as const satisfies readonly Call[];

export type PageCall = (typeof PAGE_CALLS)[number];

/** Errors cross the border with their code: the local API's own, `not-running`, or `not-allowed`. */
export type BridgeAnswer<Output> =
  | { readonly ok: true; readonly output: Output }
  | { readonly ok: false; readonly code: string; readonly message: string };

export type BridgeEvent =
  /** The agent answers; `missed`: exchanges may have ended unseen since the last one. */
  | { readonly type: 'connected'; readonly status: AgentStatus; readonly missed: boolean }
  | { readonly type: 'status'; readonly status: AgentStatus }
  | { readonly type: 'exchange'; readonly exchange: ExchangeView }
  /** No agent answers; the bridge goes on trying by itself. */
  | { readonly type: 'disconnected'; readonly code: string }
  /** Something outside the page (menu, notification, deep link) wants it to show this. */
  | { readonly type: 'navigate'; readonly to: PageAddress };

export const PAGES = ['now', 'activity', 'money', 'apps', 'privacy', 'help'] as const;
export type PageName = (typeof PAGES)[number];

export interface PageAddress {
  readonly page: PageName;
  /** Of `activity`: the decision to open. */
  readonly decision?: string;
  /** Of `now`: show the form for a pause of so long; it needs a reason, which only a page can ask for. */
  readonly pauseMinutes?: number;
}

export interface TrayBridge {
  call<Name extends PageCall>(name: Name, input: CallInput<Name>): Promise<BridgeAnswer<CallOutput<Name>>>;
  /** The state as it is now, then every change. Returns how to stop. */
  subscribe(listener: (event: BridgeEvent) => void): () => void;
  /** Lets the person choose where; false if they chose nowhere. */
  saveFile(name: string, text: string): Promise<boolean>;
  copyText(text: string): Promise<void>;
  /** Opens an address in the person's browser: one that the agent has just given out (sign-in, sign-out), and no other. */
  openAddress(url: string): Promise<boolean>;
  /** BCP 47 tags, the most wanted first. */
  readonly locales: readonly string[];
  readonly version: string;
}

import type { AgentStatus, ExchangeView } from '../../../agent/src/serve/contract.ts';
import type { Translator } from './i18n/translator.ts';

/** Told apart by shape as well as colour: a shield, a shield with a mark, two bars, an empty outline. */
export type TrayIconState = 'protected' | 'attention' | 'paused' | 'off';

export interface TrayState {
  readonly icon: TrayIconState;
  /** The answer to "am I protected?", for the tooltip, the menu's first line and screen readers. */
  readonly sentence: string;
}

/** What a person calls the service of a call. */
export const serviceOf = ({ service, serviceName }: Pick<ExchangeView, 'service' | 'serviceName'>): string =>
  serviceName ?? service;

/** `undefined`: no agent answers. */
export function trayState(status: AgentStatus | undefined, { t, time, problem }: Translator): TrayState {
  if (status === undefined) return { icon: 'off', sentence: t('state.off') };
  if (status.state === 'stopping') return { icon: 'off', sentence: t('state.stopping') };
  if (status.pause !== undefined)
    return { icon: 'paused', sentence: t('state.paused', { time: time(status.pause.untilMs) }) };
  // Nothing is stopped for as long as these last, whatever else is well.
  const { override, switches = [] } = status.policy;
  if (override !== undefined)
    return { icon: 'paused', sentence: t('state.override', { time: time(override.untilMs) }) };
  const aside = switches.find(({ what, apps }) => what === 'aside' && apps.length === 0);
  if (aside !== undefined)
    return { icon: 'paused', sentence: t('state.aside', { time: time(aside.untilMs) }) };
  const [first] = status.degraded;
  // A whole sentence: the person shouldn't have to open a window for it.
  if (first !== undefined) return { icon: 'attention', sentence: problem(first.code)?.text ?? first.text };
  return { icon: 'protected', sentence: t('state.protected') };
}

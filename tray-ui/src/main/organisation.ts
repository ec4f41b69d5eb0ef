import type { CallOutput } from '../../../agent/src/serve/contract.ts';

/** What the organisation says about the tray, as the agent's configuration has it. */
export interface Organisation {
  /** `undefined` while it isn't known. */
  readonly mayPause?: boolean;
  /** Only from the managed configuration. */
  readonly updateFeedUrl?: string;
}

export function organisationOf({ settings }: Pick<CallOutput<'policy'>, 'settings'>): Organisation {
  const setting = (key: string) => settings.find((one) => one.key === key);
  const pause = setting('tray.allowPause');
  const feed = setting('tray.updateFeedUrl');
  return {
    ...(pause !== undefined && { mayPause: pause.value === 'true' }),
    ...(feed?.origin === 'managed' && { updateFeedUrl: feed.value }),
  };
}

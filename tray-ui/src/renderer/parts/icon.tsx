import type { ComponentChildren } from 'preact';

export type IconName =
  | 'protected'
  | 'attention'
  | 'paused'
  | 'off'
  | 'allow'
  | 'warn'
  | 'redact'
  | 'justify'
  | 'block'
  | 'cut'
  | 'failed'
  | 'copy'
  | 'close'
  | 'now'
  | 'activity'
  | 'money'
  | 'apps'
  | 'privacy'
  | 'help';

const SHIELD = 'M12 2.5 20 5.5V11c0 5-3.4 8.6-8 10.5C7.4 19.6 4 16 4 11V5.5Z';

/** Told apart by shape, so that no colour is needed to read them. */
const SHAPES: Readonly<Record<IconName, ComponentChildren>> = {
  protected: [<path key="s" class="icon-body" d={SHIELD} />, <path key="m" d="m8 11.8 2.8 2.8L16 9.2" />],
  attention: [
    <path key="s" class="icon-body" d={SHIELD} />,
    <path key="m" d="M12 7.5v5.5" />,
    <path key="d" d="M12 16.2v.1" />,
  ],
  paused: [
    <circle key="c" class="icon-body" cx="12" cy="12" r="9.5" />,
    <path key="b" d="M9.3 8v8M14.7 8v8" />,
  ],
  off: <path stroke-dasharray="3 2.6" d={SHIELD} />,
  allow: <path d="m5 12.5 4.5 4.5L19 7.5" />,
  warn: [<path key="t" d="M12 4 21 19.5H3Z" />, <path key="m" d="M12 10v4.2M12 16.8v.1" />],
  redact: <path d="M4 7h16M4 12h4m8 0h4M4 17h16M9.5 10.5h5v3h-5z" />,
  justify: [
    <path key="b" d="M4 5h16v11H10l-4 4v-4H4Z" />,
    <path key="m" d="M10 9a2 2 0 1 1 2.6 2c-.5.2-.6.5-.6 1M12 13.6v.1" />,
  ],
  block: [<path key="o" d="M8.2 3h7.6L21 8.2v7.6L15.8 21H8.2L3 15.8V8.2Z" />, <path key="m" d="M8 12h8" />],
  cut: <path d="M4 12h6m4 0h6M12 4v4m0 8v4M9 20 15 4" />,
  failed: [<circle key="c" cx="12" cy="12" r="9" />, <path key="x" d="m9 9 6 6m0-6-6 6" />],
  copy: [
    <rect key="a" x="8" y="8" width="12" height="12" rx="2" />,
    <path key="b" d="M16 5V4H6a2 2 0 0 0-2 2v10h1" />,
  ],
  close: <path d="m6 6 12 12M18 6 6 18" />,
  now: <path d={SHIELD} />,
  activity: <path d="M4 6h16M4 12h16M4 18h10" />,
  money: <path d="M5 20V11m5 9V4m5 16v-6m5 6V8" />,
  apps: <path d="M4 4h6v6H4zm10 0h6v6h-6zM4 14h6v6H4zm10 0h6v6h-6z" />,
  privacy: [
    <path key="e" d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z" />,
    <circle key="p" cx="12" cy="12" r="3" />,
  ],
  help: [
    <circle key="c" cx="12" cy="12" r="9" />,
    <path key="q" d="M9.5 9.5a2.5 2.5 0 1 1 3.4 2.3c-.7.3-.9.8-.9 1.7M12 16.5v.1" />,
  ],
};

/** A drawing beside words; screen readers hear the words only. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {SHAPES[name]}
    </svg>
  );
}

/** A bar beside the figures that say the same: hidden from screen readers. `share` is 0 to 1. */
export function Meter({ share, tone }: { readonly share: number; readonly tone: 'plain' | 'warn' | 'stop' }) {
  const percent = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return (
    <svg class={`meter meter-${tone}`} aria-hidden="true" focusable="false">
      <rect class="meter-rail" width="100%" height="100%" />
      <rect class="meter-fill" width={percent} height="100%" />
    </svg>
  );
}

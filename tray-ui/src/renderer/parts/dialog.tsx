import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { useServices } from '../context.ts';
import { Icon } from './icon.tsx';

/** The browser's own modal dialog: it keeps the focus, closes by Escape, and gives the focus back. */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly kind: 'panel' | 'question';
}) {
  const { t } = useServices().words;
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog ref={dialog} class={`dialog dialog-${props.kind}`} aria-labelledby={id} onClose={props.onClose}>
      <div class="dialog-head">
        <h2 id={id} tabIndex={-1}>
          {props.title}
        </h2>
        <button
          type="button"
          class="button button-icon"
          aria-label={t('dialog.close')}
          onClick={() => dialog.current?.close()}
        >
          <Icon name="close" />
        </button>
      </div>
      <div class="dialog-body">{props.children}</div>
    </dialog>
  );
}

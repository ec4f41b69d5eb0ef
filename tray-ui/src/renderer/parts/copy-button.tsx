import { useState } from 'preact/hooks';
import { useServices } from '../context.ts';
import { Icon } from './icon.tsx';

export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const { bridge, words, announce } = useServices();
  const [copied, setCopied] = useState(false);
  async function copy(): Promise<void> {
    await bridge.copyText(text);
    setCopied(true);
    announce(words.t('copy.done'));
  }
  return (
    <button type="button" class="button button-small" onClick={() => void copy()}>
      <Icon name={copied ? 'allow' : 'copy'} />
      {copied ? words.t('copy.done') : label}
    </button>
  );
}

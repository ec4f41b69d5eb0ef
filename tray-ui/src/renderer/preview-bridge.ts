import type { BridgeAnswer, BridgeEvent, PageCall, TrayBridge } from '../shared/bridge.ts';

/** The bridge of the preview in a browser: the same door, by HTTP, with the token of the page's fragment. */
export function previewBridge(): TrayBridge {
  const token =
    new URLSearchParams(location.hash.slice(1)).get('token') ?? sessionStorage.getItem('token') ?? '';
  sessionStorage.setItem('token', token);
  const headers = { 'x-postern-preview': token };
  const call = async (name: PageCall, input: unknown): Promise<BridgeAnswer<unknown>> => {
    const response = await fetch(`/api/${name}`, { method: 'POST', headers, body: JSON.stringify(input) });
    if (response.ok) return (await response.json()) as BridgeAnswer<unknown>;
    return { ok: false, code: 'unavailable', message: await response.text() };
  };
  return {
    // One cast where names become types, as on the other side of the contract.
    call: call as TrayBridge['call'],
    subscribe(listener) {
      const ending = new AbortController();
      void follow(headers, listener, ending.signal);
      return () => ending.abort();
    },
    saveFile: async (name, text) => {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text]));
      link.download = name;
      link.click();
      URL.revokeObjectURL(link.href);
      return true;
    },
    openAddress: async (url) => {
      window.open(url, '_blank', 'noopener');
      return true;
    },
    copyText: (text) => navigator.clipboard.writeText(text),
    locales: navigator.languages,
    version: 'preview',
  };
}

/** Not EventSource, which can send no header; a token in a URL would end up in logs. */
async function follow(
  headers: Readonly<Record<string, string>>,
  listener: (event: BridgeEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const response = await fetch('/api/events', { headers, signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const next = await reader?.read();
      if (next === undefined || next.done) break;
      const lines = (rest + next.value).split('\n\n');
      rest = lines.pop() ?? '';
      for (const line of lines) listener(JSON.parse(line.replace(/^data: /, '')) as BridgeEvent);
    }
  } catch {
    // The preview has ended, or this page was told to stop listening.
  }
  if (!signal.aborted) listener({ type: 'disconnected', code: 'unavailable' });
}

import { useState } from 'preact/hooks';
import { useServices } from '../context.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import { Section } from '../parts/section.tsx';
import { useAnswer } from '../state/use-answer.ts';

const FILE_NAME = 'postern-diagnostics.txt';

/** What a support person asks for, read by the person before it is saved; nothing is sent from here. */
export function DiagnosticsSection() {
  const { bridge, words } = useServices();
  const { t } = words;
  const { value, asking, failure, ask } = useAnswer('diagnostics', {}, 'later');
  const [saved, setSaved] = useState(false);

  async function save(): Promise<void> {
    const text = value?.files.map((file) => `===== ${file.name}\n${file.text}\n`).join('\n') ?? '';
    setSaved(await bridge.saveFile(FILE_NAME, text));
  }

  return (
    <Section title={t('diagnostics.title')}>
      <p>{t('diagnostics.lead')}</p>
      <div class="actions">
        <button type="button" class="button" disabled={asking} onClick={ask}>
          {t(asking ? 'diagnostics.collecting' : 'diagnostics.collect')}
        </button>
        {value !== undefined && (
          <button type="button" class="button button-main" onClick={() => void save()}>
            {t('diagnostics.save')}
          </button>
        )}
      </div>
      <p role="status">{saved && t('diagnostics.saved')}</p>
      {failure !== undefined && <FailureNote failure={failure} retry={ask} />}
      {value?.files.map(({ name, text }) => (
        <details key={name}>
          <summary>
            {name} <span class="muted">({words.bytes(text.length)})</span>
          </summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling text must be reached by keyboard */}
          <pre lang="en" tabIndex={0}>
            {text}
          </pre>
        </details>
      ))}
    </Section>
  );
}

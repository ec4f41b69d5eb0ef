import { useServices } from '../context.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import { Section } from '../parts/section.tsx';
import { useAnswer } from '../state/use-answer.ts';

/** Every setting with who set it. */
export function SettingsSection() {
  const { t } = useServices().words;
  const { value, failure, ask } = useAnswer('policy', {});
  return (
    <Section title={t('settings.title')}>
      <p>{t('settings.lead')}</p>
      {failure !== undefined && <FailureNote failure={failure} retry={ask} />}
      {value !== undefined && (
        <details>
          <summary>{t('settings.show', { count: value.settings.length })}</summary>
          <table class="settings">
            <thead>
              <tr>
                <th scope="col">{t('settings.name')}</th>
                <th scope="col">{t('settings.value')}</th>
                <th scope="col">{t('settings.by')}</th>
              </tr>
            </thead>
            <tbody>
              {value.settings.map(({ key, value: text, origin }) => (
                <tr key={key}>
                  <th scope="row">
                    <code>{key}</code>
                  </th>
                  <td>
                    <code>{text}</code>
                  </td>
                  <td>{t(`settings.${origin}`)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </Section>
  );
}

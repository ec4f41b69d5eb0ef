import { useServices } from '../context.ts';
import { Facts } from '../parts/facts.tsx';
import { Section } from '../parts/section.tsx';
import { LICENCES } from './licences.ts';

export function AboutSection() {
  const { agent, bridge, words } = useServices();
  const { t } = words;
  const status = agent.status.value;
  return (
    <Section title={t('about.title')}>
      <Facts
        facts={[
          [t('about.window'), bridge.version],
          status === undefined ? undefined : [t('about.agent'), status.process.version],
          status === undefined ? undefined : [t('about.home'), <code key="home">{status.home}</code>],
          [t('about.licence'), 'Apache-2.0'],
        ]}
      />
      <details>
        <summary>{t('about.licences')}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling text must be reached by keyboard */}
        <pre lang="en" tabIndex={0}>
          {LICENCES}
        </pre>
      </details>
    </Section>
  );
}

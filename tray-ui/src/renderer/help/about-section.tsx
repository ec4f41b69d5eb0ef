import { useState } from 'preact/hooks';
import { useServices } from '../context.ts';
import { Facts } from '../parts/facts.tsx';
import { Section } from '../parts/section.tsx';

/** Made by the build from what it has bundled. */
const LICENCES = './licences.txt';

export function AboutSection() {
  const { agent, bridge, words } = useServices();
  const { t } = words;
  const status = agent.status.value;
  const [licences, setLicences] = useState<string>();

  async function load(isOpen: boolean): Promise<void> {
    if (isOpen && licences === undefined) setLicences(await (await fetch(LICENCES)).text());
  }

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
      <details onToggle={(event) => void load(event.currentTarget.open)}>
        <summary>{t('about.licences')}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling text must be reached by keyboard */}
        <pre lang="en" tabIndex={0}>
          {licences ?? t('loading')}
        </pre>
      </details>
    </Section>
  );
}

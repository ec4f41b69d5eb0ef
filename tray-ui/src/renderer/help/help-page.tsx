import { useServices } from '../context.ts';
import { PageTitle } from '../parts/page-title.tsx';
import { AboutSection } from './about-section.tsx';
import { DiagnosticsSection } from './diagnostics-section.tsx';
import { DoctorSection } from './doctor-section.tsx';
import { OverrideSection } from './override-section.tsx';
import { SettingsSection } from './settings-section.tsx';
import { TelemetrySection } from './telemetry-section.tsx';

export function HelpPage() {
  const { agent, words } = useServices();
  const status = agent.status.value;
  return (
    <div class="page">
      <PageTitle text={words.t('page.help')} />
      {status !== undefined && (
        <>
          <DoctorSection />
          <DiagnosticsSection />
          <OverrideSection status={status} />
          <TelemetrySection status={status} />
          <SettingsSection />
        </>
      )}
      <AboutSection />
    </div>
  );
}

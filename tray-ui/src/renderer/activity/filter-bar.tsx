import { useId, useState } from 'preact/hooks';
import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { useAnswer } from '../state/use-answer.ts';
import { type CallFilter, NO_FILTER } from './filter.ts';
import { SearchField } from './search-field.tsx';

interface FilterProps {
  readonly filter: CallFilter;
  readonly onChange: (filter: CallFilter) => void;
}

export function FilterBar({ filter, onChange }: FilterProps) {
  const { t } = useServices().words;
  const apps = useAnswer('apps', {}).value?.apps.filter(({ calls }) => calls > 0) ?? [];
  const models = useAnswer('usage', { by: 'model' }).value?.rows ?? [];
  const services = new Map(apps.flatMap((app) => app.services.map(({ id, name }) => [id, name] as const)));
  const [clearings, setClearings] = useState(0);
  const isOn = JSON.stringify(filter) !== JSON.stringify(NO_FILTER);
  function clear(): void {
    setClearings(clearings + 1);
    onChange(NO_FILTER);
  }

  return (
    <search class="filter">
      <SearchField key={clearings} onSettled={(search) => onChange({ ...filter, search })} />
      <Choice
        label={t('activity.app')}
        value={filter.app}
        choices={apps.map(({ id, name }) => [id, name])}
        onChoose={(app) => onChange({ ...filter, app })}
      />
      <Choice
        label={t('activity.service')}
        value={filter.service}
        choices={[...services]}
        onChoose={(service) => onChange({ ...filter, service })}
      />
      <Choice
        label={t('activity.model')}
        value={filter.model}
        choices={models.filter(({ key }) => key !== '(none)').map(({ key }) => [key, key])}
        onChoose={(model) => onChange({ ...filter, model })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={filter.stopped}
          onChange={(event) => onChange({ ...filter, stopped: event.currentTarget.checked })}
        />
        {t('activity.onlyStopped')}
      </label>
      {isOn && (
        <button type="button" class="button button-small" onClick={clear}>
          {t('activity.clear')}
        </button>
      )}
    </search>
  );
}

function Choice(props: {
  readonly label: string;
  readonly value: ExchangeView['service'] | undefined;
  readonly choices: readonly (readonly [value: string, name: string])[];
  readonly onChoose: (value: string | undefined) => void;
}) {
  const { t } = useServices().words;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        id={id}
        value={props.value ?? ''}
        onChange={({ currentTarget: { value } }) => props.onChoose(value === '' ? undefined : value)}
      >
        <option value="">{t('activity.all')}</option>
        {props.choices.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

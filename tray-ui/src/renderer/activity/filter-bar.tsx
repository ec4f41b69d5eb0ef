import { useId } from 'preact/hooks';
import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { useAnswer } from '../state/use-answer.ts';
import { type CallFilter, NO_FILTER } from './filter.ts';

/** A person types faster than a search is worth. */
const SETTLE_MS = 200;

interface FilterProps {
  readonly filter: CallFilter;
  readonly onChange: (filter: CallFilter) => void;
}

export function FilterBar({ filter, onChange }: FilterProps) {
  const { t } = useServices().words;
  const apps = useAnswer('apps', {}).value?.apps.filter(({ calls }) => calls > 0) ?? [];
  const models = useAnswer('usage', { by: 'model' }).value?.rows ?? [];
  const services = new Map(apps.flatMap((app) => app.services.map(({ id, name }) => [id, name] as const)));
  const search = useId();
  let timer: ReturnType<typeof setTimeout> | undefined;
  function typed(text: string): void {
    clearTimeout(timer);
    timer = setTimeout(() => onChange({ ...filter, search: text }), SETTLE_MS);
  }
  const isOn = JSON.stringify(filter) !== JSON.stringify(NO_FILTER);
  return (
    <search class="filter">
      <div class="field field-grow">
        <label for={search}>{t('activity.search')}</label>
        <input
          id={search}
          type="search"
          maxLength={100}
          placeholder={t('activity.searchHint')}
          value={filter.search}
          onInput={(event) => typed(event.currentTarget.value)}
        />
      </div>
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
        <button type="button" class="button button-small" onClick={() => onChange(NO_FILTER)}>
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

import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { serviceOf } from '../../shared/tray-state.ts';
import { useServices } from '../context.ts';
import { AgentText } from '../parts/agent-text.tsx';
import { Facts } from '../parts/facts.tsx';
import { costText } from '../state/call-words.ts';

/** All that the record says of the call. */
export function CallFacts({ exchange }: { readonly exchange: ExchangeView }) {
  const { words } = useServices();
  const { t, bytes, number, dateTime } = words;
  const { app, model, spend, inputTokens, outputTokens, usageEstimated, policy, cause, status } = exchange;
  const tokens = [inputTokens, outputTokens].map((count) => (count === undefined ? '–' : number(count)));
  return (
    <section>
      <h3>{t('facts.title')}</h3>
      <Facts
        facts={[
          [t('facts.time'), dateTime(exchange.startedAtMs)],
          [
            t('facts.took'),
            t('facts.seconds', { count: (exchange.endedAtMs - exchange.startedAtMs) / 1000 }),
          ],
          [t('facts.app'), `${app.name} (${t(IDENTIFIED[app.identifiedBy])})`],
          app.process === undefined
            ? undefined
            : [t('facts.process'), [app.process.name, app.process.script].filter(Boolean).join(' ')],
          [t('facts.user'), exchange.user],
          [t('facts.service'), `${serviceOf(exchange)} (${exchange.host})`],
          [t('facts.operation'), exchange.operation],
          model === undefined ? undefined : [t('facts.model'), model],
          spend?.downgradedFrom === undefined ? undefined : [t('facts.downgraded'), spend.downgradedFrom],
          [t('facts.way'), t(`mode.${exchange.mode}`)],
          [
            t('facts.size'),
            t('facts.sizes', { up: bytes(exchange.requestBytes), down: bytes(exchange.responseBytes) }),
          ],
          [
            t('facts.tokens'),
            t(usageEstimated ? 'facts.tokensEstimated' : 'facts.tokensCounted', {
              input: tokens[0] ?? '',
              output: tokens[1] ?? '',
            }),
          ],
          [t('facts.cost'), costText(exchange, words)],
          [t('facts.result'), t(`result.${exchange.result}`)],
          status === undefined ? undefined : [t('facts.status'), String(status)],
          cause === undefined ? undefined : [t('facts.cause'), <AgentText key="cause" text={cause} />],
          [t('facts.added'), t('facts.milliseconds', { count: Math.round(exchange.addedMs * 100) / 100 })],
          [t('facts.policy'), `${policy.name} (${policy.revision})`],
        ]}
      />
    </section>
  );
}

const IDENTIFIED = {
  process: 'identified.process',
  header: 'identified.header',
  none: 'identified.none',
} as const;

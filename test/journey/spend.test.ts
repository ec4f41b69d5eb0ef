/** The money of one call, as a dialogue between the byte edge and the journey, with the real book behind it. */
import { describe, expect, it } from 'vitest';
import { Forecaster } from '../../agent/src/account/forecast.ts';
import { SpendBook } from '../../agent/src/account/spend/spend-book.ts';
import { headerValue } from '../../agent/src/core/connection.ts';
import type { Flow, FlowOutcome, RequestVerdict } from '../../agent/src/core/flow.ts';
import type { ExchangeRecord } from '../../agent/src/core/records.ts';
import { spendTermsOf } from '../../agent/src/journey/spend-terms.ts';
import { createJourney } from '../../agent/src/journey.ts';
import { NOW_MS, policyOf } from '../kit/decide.ts';

const OUTCOME: FlowOutcome = {
  result: 'complete',
  cause: undefined,
  requestBytes: 1,
  responseBytes: 1,
  addedMs: 0,
};
const CONNECTION = {
  id: 'c',
  openedAtMs: 0,
  target: { host: 'api.anthropic.com', port: 443 },
  clientPort: 1,
  serverName: undefined,
  protocol: 'http/1.1',
} as const;

function office(yaml: string) {
  const policy = policyOf(yaml);
  const records: ExchangeRecord[] = [];
  const time = { nowMs: NOW_MS };
  const book = new SpendBook({ nowMs: () => time.nowMs, monotonicMs: () => time.nowMs });
  let ids = 0;
  const journey = createJourney({
    policy: () => policy,
    scan: (detector, text) => detector.scan(text),
    spend: { book, forecaster: new Forecaster() },
    recorder: {
      exchange: (record) => void records.push(record),
      event: () => undefined,
      flush: async () => undefined,
    },
    nowMs: () => time.nowMs,
    newId: () => {
      ids += 1;
      return `d-${ids}`;
    },
    device: 'laptop-7',
    user: () => 'anna',
  });
  const open = (): Flow =>
    journey.openFlow(
      {
        method: 'POST',
        scheme: 'https',
        authority: CONNECTION.target,
        path: '/v1/messages',
        headers: ['content-type', 'application/json'],
        httpVersion: '1.1',
        webSocket: false,
        hasBody: true,
      },
      CONNECTION,
    );
  const state = () => {
    const [terms] = spendTermsOf(policy).budgets.values();
    if (terms === undefined) throw new Error('the policy has no budget');
    return book.state({ terms, subject: terms.scope === 'model' ? 'claude-sonnet-4-5' : 'anna' });
  };
  return { open, records, state, time };
}

const body = (extra: object = {}): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      model: 'claude-sonnet-4-5',
      max_tokens: 1_000,
      stream: true,
      messages: [{ role: 'user', content: 'Open the gate, please.' }],
      ...extra,
    }),
  );
const ask = (flow: Flow, extra: object = {}): RequestVerdict => {
  const verdict = flow.requestBody(body(extra));
  if (verdict instanceof Promise) throw new Error('nothing here waits');
  return verdict;
};
const event = (data: { type: string; [name: string]: unknown }): Uint8Array =>
  Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
const started = (usage: object): Uint8Array =>
  event({ type: 'message_start', message: { id: 'm', model: 'claude-sonnet-4-5', usage } });
const delta = (text: string): Uint8Array =>
  event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
const SSE = ['content-type', 'text/event-stream'];
const budgetOf = (limitUsd: number, extra = ''): string =>
  `budgets: [{ id: daily, scope: user, window: 1d, timezone: UTC, limitUsd: ${limitUsd}, action: block${extra} }]\n`;

describe('a call against a budget', () => {
  it('is held for before it is sent, and settled by what the provider says', () => {
    const here = office(budgetOf(5));
    const flow = here.open();
    expect(ask(flow)).toEqual({ type: 'forward' });
    expect(here.state().held.nanoUsd).toBeGreaterThan(64 * 15_000);
    const plan = flow.responseHead(200, SSE);
    expect(plan.type).toBe('gate');
    expect(Number(headerValue(plan.setHeaders ?? [], 'x-postern-budget-remaining-usd'))).toBeLessThan(5);
    flow.responseData(started({ input_tokens: 1_000, output_tokens: 1 }));
    expect(flow.responseData(delta('Come in.'))).toHaveLength(1);
    flow.responseData(
      event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 100 } }),
    );
    flow.responseEnd();
    flow.finish(OUTCOME);
    // Sonnet 4.5: 3 dollars a million in, 15 out.
    expect(here.state()).toMatchObject({
      spent: { nanoUsd: 1_000 * 3_000 + 100 * 15_000, tokens: 1_100 },
      held: { nanoUsd: 0 },
    });
    expect(here.records[0]).toMatchObject({ effective: 'allow', spend: { budget: 'daily' } });
  });

  it('is charged for what came, if nobody waits for the end', () => {
    const here = office(budgetOf(5));
    const flow = here.open();
    ask(flow);
    flow.responseHead(200, SSE);
    flow.responseData(started({ input_tokens: 1_000, output_tokens: 1 }));
    flow.responseData(delta('The postern is a small door beside the gate. '.repeat(20)));
    flow.finish({ ...OUTCOME, result: 'client-aborted' });
    const { spent } = here.state();
    expect(spent.nanoUsd).toBeGreaterThan(1_000 * 3_000 + 150 * 15_000);
    expect(spent.nanoUsd).toBe(here.records[0]?.cost?.nanoUsd);
    expect(here.records[0]).toMatchObject({ usageEstimated: true, result: 'client-aborted' });
  });

  it('is charged for its input, if the client gave up before an answer began', () => {
    const here = office(budgetOf(5));
    const flow = here.open();
    ask(flow);
    flow.finish({ ...OUTCOME, result: 'client-aborted' });
    expect(here.state().spent.nanoUsd).toBeGreaterThan(0);
    expect(here.state().held.nanoUsd).toBe(0);
  });

  it.each([
    ['the provider refuses', 429, 'complete'],
    ['the provider can not be reached', undefined, 'upstream-failed'],
  ] as const)('costs nothing where %s', (_, status, result) => {
    const here = office(budgetOf(5));
    const flow = here.open();
    ask(flow);
    if (status !== undefined) flow.responseHead(status, ['content-type', 'application/json']);
    flow.finish({ ...OUTCOME, result });
    expect(here.state()).toMatchObject({ spent: { nanoUsd: 0 }, held: { nanoUsd: 0 } });
  });

  it('is cut before the event that nothing is left for, and the record says why', () => {
    const here = office(budgetOf(0.003));
    const flow = here.open();
    ask(flow);
    flow.responseHead(200, SSE);
    const sent = [];
    let cut: string | undefined;
    for (let i = 0; i < 100 && cut === undefined; i += 1) {
      for (const command of flow.responseData(delta('A small door in the wall. '))) {
        if (command.type === 'cut') cut = command.lastBytes;
        else sent.push(command);
      }
    }
    expect(sent.length).toBeGreaterThan(10);
    expect(cut).toMatch(/^event: error\ndata: .*used up the budget/);
    expect(flow.responseData(delta('too late'))).toEqual([]);
    flow.finish({ ...OUTCOME, result: 'cut' });
    const chunk = 8 * 15_000;
    expect(here.state().spent.nanoUsd).toBeGreaterThan(0.003e9);
    expect(here.state().spent.nanoUsd).toBeLessThan(0.003e9 + chunk);
    const [record] = here.records;
    expect(record).toMatchObject({ effective: 'block', result: 'cut' });
    expect(record?.reasons.filter(({ rule }) => rule === 'daily')).toHaveLength(1);
  });

  it('is cut at the provider’s own count too, which knows of reasoning that nobody saw', () => {
    const here = office(budgetOf(0.003));
    const flow = here.open();
    ask(flow);
    flow.responseHead(200, SSE);
    const commands = flow.responseData(started({ input_tokens: 100_000, output_tokens: 1 }));
    expect(commands).toMatchObject([{ type: 'cut' }]);
  });

  it('is not asked for by calls that cost nothing, nor by refused ones', () => {
    const here = office(`${budgetOf(5)}models: [{ match: "claude-*", action: block }]\n`);
    const flow = here.open();
    expect(ask(flow).type).toBe('refuse');
    flow.finish({ ...OUTCOME, result: 'refused' });
    expect(here.state()).toMatchObject({ spent: { nanoUsd: 0 }, held: { nanoUsd: 0 } });
  });

  it('in shadow mode passes, is counted, and its record says what would have been', () => {
    const here = office(`rollout: { shadow: true }\n${budgetOf(0.00001)}`);
    const flow = here.open();
    expect(ask(flow)).toEqual({ type: 'forward' });
    expect(flow.responseHead(200, SSE).type).toBe('tap');
    flow.responseData(delta('A small door in the wall. '.repeat(500)));
    flow.finish(OUTCOME);
    expect(here.records[0]).toMatchObject({ decision: 'block', effective: 'allow' });
    expect(here.state().spent.nanoUsd).toBeGreaterThan(0.00001e9);
  });

  it('of a model without a price passes and says that it could not be counted', () => {
    const here = office(budgetOf(0.001));
    const flow = here.open();
    expect(ask(flow, { model: 'zorblax-9000' }).type).toBe('forward');
    flow.finish({ ...OUTCOME, result: 'upstream-failed' });
    expect(here.records[0]?.reasons).toMatchObject([
      { rule: 'daily', action: 'warn', text: expect.stringContaining("isn't known") },
    ]);
  });

  it('counts a model under its own name, whatever spelling the caller chose', () => {
    const here = office('budgets: [{ id: m, scope: model, window: 1d, limitUsd: 5, action: block }]\n');
    const flow = here.open();
    ask(flow, { model: 'claude-sonnet-4-5-20250929' });
    expect(here.state().held.nanoUsd).toBeGreaterThan(0);
    flow.finish({ ...OUTCOME, result: 'upstream-failed' });
  });
});

describe('a policy’s own prices', () => {
  it('are what is held and charged', () => {
    const here = office(`${budgetOf(5)}prices: [{ match: "claude-*", input: 1000, output: 0 }]\n`);
    const flow = here.open();
    ask(flow, { stream: false });
    flow.responseHead(200, ['content-type', 'application/json']);
    flow.responseData(
      Buffer.from(
        JSON.stringify({ type: 'message', content: [], usage: { input_tokens: 100, output_tokens: 50 } }),
      ),
    );
    flow.responseEnd();
    flow.finish(OUTCOME);
    expect(here.state().spent.nanoUsd).toBe(0.1e9);
  });
});

describe('a downgrade', () => {
  it('goes on to the other model, and is counted at its price', () => {
    const here = office(
      'budgets: [{ id: dear, scope: user, window: 1d, limitUsd: 0, action: downgrade, model: [gpt-5-mini, claude-haiku-4-5] }]\n',
    );
    const flow = here.open();
    const verdict = ask(flow);
    if (verdict.type !== 'forward') throw new Error('it should go on');
    expect(Buffer.from(verdict.body ?? []).toString()).toBe(
      Buffer.from(body({ model: 'claude-haiku-4-5' })).toString(),
    );
    const plan = flow.responseHead(200, SSE);
    expect(headerValue(plan.setHeaders ?? [], 'x-postern-downgraded')).toBe(
      'claude-sonnet-4-5 -> claude-haiku-4-5',
    );
    expect(plan.type).toBe('tap');
    flow.responseData(started({ input_tokens: 1_000_000, output_tokens: 1 }));
    flow.finish(OUTCOME);
    expect(here.records[0]).toMatchObject({
      model: 'claude-haiku-4-5',
      effective: 'warn',
      spend: { downgradedFrom: 'claude-sonnet-4-5' },
    });
    expect(here.state().spent.nanoUsd).toBeGreaterThanOrEqual(1e9);
    expect(here.state().spent.nanoUsd).toBeLessThan(1.01e9);
  });

  it('leaves a call alone that already goes to a model it names, whatever the spelling', () => {
    const here = office(
      'budgets: [{ id: dear, scope: user, window: 1d, limitUsd: 0, action: downgrade, model: [claude-haiku-4-5, claude-sonnet-4-5] }]\n',
    );
    const flow = here.open();
    expect(ask(flow, { model: 'claude-sonnet-4-5-20250929' })).toEqual({ type: 'forward' });
    flow.finish({ ...OUTCOME, result: 'upstream-failed' });
    expect(here.records[0]).toMatchObject({ effective: 'allow', model: 'claude-sonnet-4-5-20250929' });
  });

  it('makes a call fit a budget that stops it at the dear price only', () => {
    const here = office(`budgets:
  - { id: dear, scope: user, window: 1d, limitUsd: 0, action: downgrade, model: claude-haiku-4-5 }
  - { id: all, scope: device, window: 1d, limitUsd: 0.0005, action: block }
`);
    const verdict = ask(here.open());
    if (verdict.type !== 'forward') throw new Error('it should go on');
    expect(Buffer.from(verdict.body ?? []).toString()).toContain('claude-haiku-4-5');
  });

  it('gives way to a budget that only stops', () => {
    const here = office(`budgets:
  - { id: dear, scope: user, window: 1d, limitUsd: 0, action: downgrade, model: claude-haiku-4-5 }
  - { id: all, scope: device, window: 1d, limitUsd: 0, action: block }
`);
    expect(ask(here.open()).type).toBe('refuse');
  });
});

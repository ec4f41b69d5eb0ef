import { describe, expect, it } from 'vitest';
import type { CallInput, ExchangeView } from '../../../agent/src/serve/contract.ts';
import { matches, NO_FILTER, questionOf } from '../../../tray-ui/src/renderer/activity/filter.ts';
import { Ledger, PAGE_ROWS } from '../../../tray-ui/src/renderer/activity/ledger.ts';
import { keyTarget, windowOf } from '../../../tray-ui/src/renderer/activity/window-of.ts';
import { oneExchange } from '../../kit/agent-status.ts';

const call = (number: number): ExchangeView => oneExchange({ id: `d-${number}`, startedAtMs: number });

/** An agent with so many calls, the newest with the highest number; answers when it is let. */
function agentWith(count: number) {
  const asked: CallInput<'exchanges'>[] = [];
  const all = Array.from({ length: count }, (_, index) => call(count - index));
  let failing = false;
  return {
    asked,
    fail: (now: boolean) => {
      failing = now;
    },
    ask: async (input: CallInput<'exchanges'>) => {
      asked.push(input);
      if (failing) return { ok: false, code: 'timeout', message: 'No answer.' } as const;
      const from = input.before === undefined ? 0 : all.findIndex(({ id }) => id === input.before) + 1;
      const exchanges = all.slice(from, from + PAGE_ROWS);
      const next = exchanges.length === PAGE_ROWS ? exchanges.at(-1)?.id : undefined;
      return { ok: true, output: { exchanges, ...(next !== undefined && { next }) } } as const;
    },
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the ledger', () => {
  it('reads pages by cursor until there are no more', async () => {
    const agent = agentWith(450);
    const ledger = new Ledger(NO_FILTER, agent.ask, () => undefined);
    await ledger.more();
    expect([ledger.size, ledger.atEnd]).toEqual([200, false]);
    ledger.look(180, 199);
    await settle();
    ledger.look(380, 399);
    await settle();
    expect([ledger.size, ledger.atEnd]).toEqual([450, true]);
    expect(ledger.row(0)?.id).toBe('d-450');
    expect(ledger.row(449)?.id).toBe('d-1');
    expect(agent.asked).toHaveLength(3);
  });

  it('drops what is far away, and fetches it again when somebody comes back', async () => {
    const agent = agentWith(PAGE_ROWS * 30);
    const ledger = new Ledger(NO_FILTER, agent.ask, () => undefined);
    for (let page = 0; page < 30; page += 1) {
      await ledger.more();
      ledger.look(page * PAGE_ROWS, page * PAGE_ROWS + 10);
    }
    expect(ledger.row(0)).toBeUndefined();
    expect(ledger.size).toBe(PAGE_ROWS * 30);
    ledger.look(0, 20);
    await settle();
    expect(ledger.row(0)?.id).toBe(`d-${PAGE_ROWS * 30}`);
  });

  it('puts what comes first, once, also if the page on its way has it too', async () => {
    const agent = agentWith(3);
    const ledger = new Ledger(NO_FILTER, agent.ask, () => undefined);
    const first = ledger.more();
    ledger.add(call(3));
    await first;
    expect(ledger.size).toBe(3);
    expect(ledger.add(call(3))).toBe(false);
    expect(ledger.add(call(4))).toBe(true);
    expect(ledger.row(0)?.id).toBe('d-4');
    expect(ledger.row(1)?.id).toBe('d-3');
    expect(ledger.size).toBe(4);
  });

  it('says that it could not be read, and reads on when asked again', async () => {
    const agent = agentWith(10);
    const ledger = new Ledger(NO_FILTER, agent.ask, () => undefined);
    agent.fail(true);
    await ledger.more();
    expect(ledger.failure?.code).toBe('timeout');
    agent.fail(false);
    await ledger.more();
    expect([ledger.failure, ledger.size]).toEqual([undefined, 10]);
  });

  it('is silent once closed', async () => {
    const agent = agentWith(10);
    let changes = 0;
    const ledger = new Ledger(NO_FILTER, agent.ask, () => {
      changes += 1;
    });
    const asked = ledger.more();
    ledger.close();
    await asked;
    expect([changes, ledger.size]).toEqual([0, 0]);
  });
});

describe('a filter', () => {
  const one = oneExchange({
    effective: 'block',
    findings: { 'github-token': 2 },
    reasons: [{ rule: 'no-secrets', action: 'block', text: 'x' }],
  });

  it.each([
    [{}, true],
    [{ search: 'Claude' }, true],
    [{ search: ' opus-5 ' }, true],
    [{ search: 'github' }, true],
    [{ search: 'no-sec' }, true],
    [{ search: 'api.anthropic' }, true],
    [{ search: 'd-' }, true],
    [{ search: '1' }, false],
    [{ stopped: true }, true],
    [{ app: 'claude-code' }, true],
    [{ app: 'codex' }, false],
    [{ service: 'openai' }, false],
    [{ model: 'claude-opus-5', search: 'nothing' }, false],
  ])('%j: %s', (wanted, isMatch) => {
    expect(matches(one, { ...NO_FILTER, ...wanted })).toBe(isMatch);
  });

  it('asks the agent for what is wanted only', () => {
    expect(questionOf(NO_FILTER)).toEqual({});
    expect(questionOf({ ...NO_FILTER, search: ' x ', stopped: true, app: 'codex' })).toEqual({
      search: 'x',
      stopped: 'true',
      app: 'codex',
    });
    expect(matches(oneExchange(), { ...NO_FILTER, stopped: true })).toBe(false);
  });
});

describe('the window on a long list', () => {
  it.each([
    [
      { top: 0, height: 600, rowHeight: 60, size: 50_000 },
      { first: 0, last: 18 },
    ],
    [
      { top: 6_000, height: 600, rowHeight: 60, size: 50_000 },
      { first: 92, last: 118 },
    ],
    [
      { top: 2_999_400, height: 600, rowHeight: 60, size: 50_000 },
      { first: 49_982, last: 50_000 },
    ],
    [
      { top: 0, height: 600, rowHeight: 60, size: 3 },
      { first: 0, last: 3 },
    ],
    [
      { top: 0, height: 600, rowHeight: 0, size: 3 },
      { first: 0, last: 0 },
    ],
    [
      { top: 9_000, height: 600, rowHeight: 60, size: 0 },
      { first: 0, last: 0 },
    ],
  ])('%j', (view, rows) => {
    expect(windowOf(view)).toEqual(rows);
  });

  it.each([
    ['ArrowDown', 5, 6],
    ['ArrowUp', 0, 0],
    ['PageDown', 5, 15],
    ['PageUp', 5, 0],
    ['Home', 50, 0],
    ['End', 5, 99],
    ['ArrowDown', 99, 99],
    ['a', 5, undefined],
  ])('%s from %d', (key, at, target) => {
    expect(keyTarget(key, at, 10, 100)).toBe(target);
  });
});

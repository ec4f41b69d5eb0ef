/** The tray's connection against the real agent as its own process, over its real socket. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AgentLink } from '../../../tray-ui/src/main/agent-link.ts';
import type { BridgeEvent } from '../../../tray-ui/src/shared/bridge.ts';
import { type Desk, openDesk } from '../../kit/agent-process.ts';

let desk: Desk;
let link: AgentLink;
let events: BridgeEvent[];

beforeEach(() => {
  desk = openDesk();
  link = new AgentLink(desk.home);
  events = [];
});
afterEach(async () => {
  link.close();
  await desk.clear();
});

const listen = (): void => {
  link.subscribe((event) => events.push(event));
  link.open();
};

/** The next event of this type from now on, or one that is there already behind `from`. */
async function heard<Type extends BridgeEvent['type']>(
  type: Type,
  from = 0,
  timeoutMs = 10_000,
): Promise<Extract<BridgeEvent, { type: Type }>> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const found = events.slice(from).find((event) => event.type === type);
    if (found !== undefined) return found as Extract<BridgeEvent, { type: Type }>;
    if (performance.now() > endMs)
      throw new Error(`no "${type}" event; there were ${events.map((event) => event.type).join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const tokenFile = (): string => path.join(desk.home, 'agent.token');

it('connects to the agent that runs, and says so to whoever listens later', async () => {
  await desk.start();
  listen();
  const { status, missed } = await heard('connected');
  expect(status.state).toBe('running');
  expect(status.home).toBe(desk.home);
  expect(missed).toBe(false);
  const late: BridgeEvent[] = [];
  link.subscribe((event) => late.push(event))();
  expect(late.map(({ type }) => type)).toEqual(['connected']);
});

it('hears a pause and its end as changes of the state', async () => {
  await desk.start();
  listen();
  await heard('connected');
  await expect(link.call('pause', { minutes: 5, reason: 'a test' })).resolves.toMatchObject({ ok: true });
  await expect.poll(() => link.status?.pause?.reason, { timeout: 5_000 }).toBe('a test');
  await link.call('resume', {});
  // A key that is gone is gone, not kept from before.
  await expect.poll(() => link.status?.pause, { timeout: 5_000 }).toBeUndefined();
  expect(link.status?.state).toBe('running');
});

it('waits for a home that does not exist yet, and finds the agent that makes it', async () => {
  expect(existsSync(desk.home)).toBe(false);
  listen();
  expect(events[0]).toEqual({ type: 'disconnected', code: 'not-running' });
  await desk.start();
  await heard('connected', 1, 8_000);
});

it('waits for folders above the home, too', async () => {
  const home = path.join(desk.folder, 'one', 'two', 'home');
  link = new AgentLink(home);
  listen();
  await desk.start({ home });
  await heard('connected', 1, 8_000);
});

it('comes back to an agent that was stopped and started, with its new token', async () => {
  const first = await desk.start();
  listen();
  await heard('connected');
  const token = readFileSync(tokenFile(), 'utf8');
  const before = events.length;
  await desk.postern(['stop']);
  await first.ended;
  await heard('disconnected', before);
  expect(link.status).toBeUndefined();
  await desk.start();
  const { missed } = await heard('connected', before, 8_000);
  expect(readFileSync(tokenFile(), 'utf8')).not.toBe(token);
  // Another run of the agent: what ended in between must be listed.
  expect(missed).toBe(true);
  await expect(link.call('status', {})).resolves.toMatchObject({ ok: true });
});

it('says so when the agent dies without a word, and comes back', async () => {
  const agent = await desk.start();
  listen();
  await heard('connected');
  const before = events.length;
  agent.child.kill('SIGKILL');
  await heard('disconnected', before);
  await agent.ended;
  // The token of the dead one still lies there; nobody answers.
  expect(existsSync(tokenFile())).toBe(true);
  await expect(link.call('status', {})).resolves.toMatchObject({ ok: false, code: 'not-running' });
  await desk.start();
  await heard('connected', before, 8_000);
});

it('goes on looking when the home is deleted and made anew', async () => {
  const agent = await desk.start();
  listen();
  await heard('connected');
  const before = events.length;
  agent.child.kill('SIGKILL');
  await agent.ended;
  await heard('disconnected', before);
  rmSync(desk.home, { recursive: true });
  await desk.start();
  await heard('connected', before, 8_000);
});

it('is not fooled by a token without an agent', async () => {
  mkdirSync(desk.home, { recursive: true, mode: 0o700 });
  writeFileSync(tokenFile(), 'left over', { mode: 0o600 });
  listen();
  await expect.poll(() => events.at(-1), { timeout: 5_000 }).toMatchObject({ type: 'disconnected' });
  await desk.start();
  await heard('connected', 1, 8_000);
});

it('makes only the calls that pages may make, and crosses the border with the code', async () => {
  await desk.start();
  listen();
  await heard('connected');
  await expect(link.call('stop', {})).resolves.toMatchObject({ ok: false, code: 'not-allowed' });
  await expect(link.call('exchange', { id: 'no-such' })).resolves.toMatchObject({
    ok: false,
    code: 'not-found',
  });
  await expect(link.call('pause', { minutes: 5 })).resolves.toMatchObject({ ok: false, code: 'bad-request' });
  // One that this version of the contract doesn't have.
  await expect(link.ask('toString', {})).resolves.toMatchObject({ ok: false, code: 'not-found' });
  await expect(link.ask('watch', {})).resolves.toMatchObject({ ok: false, code: 'not-found' });
});

it('is silent once it is closed', async () => {
  await desk.start();
  listen();
  await heard('connected');
  link.close();
  const before = events.length;
  await desk.postern(['stop']);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(events.slice(before).filter(({ type }) => type === 'connected')).toEqual([]);
});

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type ClientOptions, type PerMessageDeflateOptions, WebSocket, WebSocketServer } from 'ws';
import type { WebSocketCommand, WebSocketPlan } from '../../../agent/src/core/flow.ts';
import type { RelayLimits } from '../../../agent/src/intercept/websocket/relay-limits.ts';
import { createRelayWebSocket } from '../../../agent/src/intercept/websocket/websocket.ts';
import { startRelay } from '../../kit/websocket-relay.ts';

type From = 'client' | 'server';
type Decide = (from: From, data: string | Uint8Array) => ReturnType<WebSocketPlan['message']>;
const FORWARD: readonly WebSocketCommand[] = [{ type: 'forward' }];

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Setup {
  readonly decide?: Decide;
  readonly plan?: 'relay' | 'govern';
  readonly server?: boolean | PerMessageDeflateOptions;
  readonly client?: ClientOptions['perMessageDeflate'];
  readonly limits?: Partial<RelayLimits>;
}

/** A real client and a real server with the relay between; `next` waits for a message, in order of arrival. */
async function connect({
  decide = () => FORWARD,
  plan = 'govern',
  server = false,
  client = false,
  limits,
}: Setup = {}) {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: server });
  await once(wss, 'listening');
  const seen: { from: From; data: string | Uint8Array }[] = [];
  const relay = await startRelay((wss.address() as AddressInfo).port, createRelayWebSocket(limits), {
    type: plan,
    message(from, data) {
      seen.push({ from, data });
      return decide(from, data);
    },
  });
  const accepted = once(wss, 'connection') as Promise<[WebSocket]>;
  const near = new WebSocket(`ws://127.0.0.1:${relay.port}/`, { perMessageDeflate: client });
  cleanups.push(
    () => new Promise((resolve) => wss.close(() => resolve())),
    () => relay.close(),
    () => near.terminate(),
  );
  const nearInbox = inbox(near);
  const [far] = await accepted;
  const farInbox = inbox(far);
  if (near.readyState !== WebSocket.OPEN) await once(near, 'open');
  return { near, far, nearInbox, farInbox, seen, relay };
}

function inbox(socket: WebSocket) {
  const arrived: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  socket.on('error', () => {});
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  socket.on('message', (data, isBinary) => {
    const text = isBinary ? `binary:${(data as Buffer).toString('hex')}` : data.toString();
    const next = waiting.shift();
    if (next) next(text);
    else arrived.push(text);
  });
  return {
    closed,
    next: () =>
      new Promise<string>((resolve) => {
        const text = arrived.shift();
        if (text === undefined) waiting.push(resolve);
        else resolve(text);
      }),
  };
}

const COMPRESSIONS: readonly [string, Pick<Setup, 'server' | 'client'>][] = [
  ['no compression', {}],
  ['context takeover', { server: { threshold: 0 }, client: { threshold: 0 } }],
  [
    'no context takeover by the server',
    { server: { threshold: 0, serverNoContextTakeover: true }, client: { threshold: 0 } },
  ],
  [
    'no context takeover by the client',
    { server: { threshold: 0, clientNoContextTakeover: true }, client: { threshold: 0 } },
  ],
  [
    'small windows',
    {
      server: { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 10 },
      client: { threshold: 0, clientMaxWindowBits: 10 },
    },
  ],
];

const PHRASE = 'a prompt that repeats itself, '.repeat(60);

describe.each(COMPRESSIONS)('with %s', (_, compression) => {
  it('shows and passes every message, text and binary, both ways, in order', async () => {
    const { near, far, nearInbox, farInbox, seen, relay } = await connect(compression);
    near.send('one');
    near.send('');
    near.send(Buffer.from([0, 1, 255]));
    near.send(PHRASE);
    near.send(`${PHRASE}!`);
    const arrived = [];
    for (let i = 0; i < 5; i++) arrived.push(await farInbox.next());
    expect(arrived).toEqual(['one', '', 'binary:0001ff', PHRASE, `${PHRASE}!`]);
    far.send('two');
    far.send(PHRASE);
    expect([await nearInbox.next(), await nearInbox.next()]).toEqual(['two', PHRASE]);
    expect(seen.map(({ from, data }) => (typeof data === 'string' ? `${from} ${data}` : from))).toEqual([
      'client one',
      'client ',
      'client',
      `client ${PHRASE}`,
      `client ${PHRASE}!`,
      'server two',
      `server ${PHRASE}`,
    ]);
    near.close(1000, 'bye');
    expect(await farInbox.closed).toEqual({ code: 1000, reason: 'bye' });
    expect(await nearInbox.closed).toEqual({ code: 1000, reason: 'bye' });
    const outcome = await relay.outcome;
    expect(outcome).toMatchObject({ result: 'complete', cause: undefined });
    expect(outcome.requestBytes).toBeGreaterThan(0);
    expect(outcome.responseBytes).toBeGreaterThan(0);
  });

  it('passes fragmented messages whole, with pings between the fragments', async () => {
    const { near, far, farInbox, seen } = await connect(compression);
    const pinged = once(far, 'ping');
    near.send('frag', { fin: false });
    near.ping('now');
    expect((await pinged)[0].toString()).toBe('now');
    near.send('men', { fin: false });
    near.send('ted', { fin: true });
    expect(await farInbox.next()).toBe('fragmented');
    expect(seen).toEqual([{ from: 'client', data: 'fragmented' }]);
  });

  it('stays readable after a message was changed or dropped', async () => {
    const { near, far, nearInbox, farInbox } = await connect({
      ...compression,
      decide(_from, data) {
        if (typeof data !== 'string') return FORWARD;
        if (data.startsWith('drop')) return [];
        return data.startsWith('edit') ? [{ type: 'forward', data: `edited ${PHRASE}` }] : FORWARD;
      },
    });
    for (const [sender, receiver] of [
      [near, farInbox],
      [far, nearInbox],
    ] as const) {
      sender.send(PHRASE);
      sender.send(`drop ${PHRASE}`);
      sender.send(PHRASE);
      sender.send(`edit ${PHRASE}`);
      sender.send(Buffer.from(PHRASE));
      sender.send('é'.repeat(70_000));
      const arrived = [];
      for (let i = 0; i < 5; i++) arrived.push(await receiver.next());
      expect(arrived).toEqual([
        PHRASE,
        PHRASE,
        `edited ${PHRASE}`,
        `binary:${Buffer.from(PHRASE).toString('hex')}`,
        'é'.repeat(70_000),
      ]);
    }
  });

  it('answers in place of the server, and closes both', async () => {
    const { near, nearInbox, farInbox, relay } = await connect({
      ...compression,
      decide: (_from, data) =>
        data === 'stop'
          ? [
              { type: 'reply', data: '{"type":"error"}' },
              { type: 'close', code: 1008, reason: 'policy' },
            ]
          : [{ type: 'reply', data: 'no' }],
    });
    near.send('forbidden');
    expect(await nearInbox.next()).toBe('no');
    near.send('stop');
    expect(await nearInbox.next()).toBe('{"type":"error"}');
    expect(await nearInbox.closed).toEqual({ code: 1008, reason: 'policy' });
    expect(await farInbox.closed).toEqual({ code: 1008, reason: 'policy' });
    expect(await relay.outcome).toMatchObject({ result: 'cut', cause: undefined });
  });
});

describe('the governor', () => {
  it('may take its time: the order is kept, the other direction goes on', async () => {
    const gate = Promise.withResolvers<void>();
    const { near, far, nearInbox, farInbox } = await connect({
      async decide(_from, data) {
        if (data === 'slow') await gate.promise;
        return FORWARD;
      },
    });
    near.send('slow');
    near.send('quick');
    near.ping('after');
    const pinged = once(far, 'ping').then(() => 'ping');
    far.send('other way');
    expect(await nearInbox.next()).toBe('other way');
    const order: string[] = [];
    void pinged.then((what) => order.push(what));
    gate.resolve();
    order.push(await farInbox.next(), await farInbox.next());
    await pinged;
    expect(order).toEqual(['slow', 'quick', 'ping']);
  });

  it('replies to the server with masked frames', async () => {
    const { far, nearInbox, farInbox } = await connect({
      decide: () => [{ type: 'reply', data: PHRASE }, { type: 'forward' }],
    });
    far.send('question');
    expect(await nearInbox.next()).toBe('question');
    expect(await farInbox.next()).toBe(PHRASE);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ] as [string, Decide][])('that %s closes both sides and lets nothing through', async (_, decide) => {
    const { near, nearInbox, farInbox, relay } = await connect({ decide });
    near.send('secret');
    expect((await nearInbox.closed).code).toBe(1011);
    expect((await farInbox.closed).code).toBe(1011);
    expect(await relay.outcome).toMatchObject({ result: 'cut', cause: 'governor-failed' });
    expect(Buffer.concat(relay.toUpstream).toString('latin1')).not.toContain('secret');
  });

  it('gets messages up to the limit, and their sender a 1009 beyond it', async () => {
    const limits = { maxMessageBytes: 10_000 };
    const { near, nearInbox, farInbox, relay } = await connect({ limits });
    near.send('x'.repeat(10_000));
    expect(await farInbox.next()).toHaveLength(10_000);
    near.send('x'.repeat(10_001));
    expect((await nearInbox.closed).code).toBe(1009);
    expect((await farInbox.closed).code).toBe(1006);
    expect(await relay.outcome).toMatchObject({ result: 'client-aborted', cause: 'message-too-big' });
  });

  it('never gets a bomb inflated', async () => {
    const compression = { server: { threshold: 0 }, client: { threshold: 0 } };
    const { near, far, nearInbox, farInbox, seen, relay } = await connect({
      ...compression,
      limits: { maxMessageBytes: 100_000 },
    });
    expect(near.extensions).toContain('permessage-deflate');
    far.send(Buffer.alloc(50_000_000));
    expect((await farInbox.closed).code).toBe(1009);
    expect((await nearInbox.closed).code).toBe(1006);
    expect(seen).toEqual([]);
    expect(await relay.outcome).toMatchObject({ result: 'upstream-failed', cause: 'message-too-big' });
  });

  it('makes a fast sender wait for a slow reader', async () => {
    let passed = 0;
    const { near, far, nearInbox } = await connect({
      decide(from) {
        if (from === 'server') passed++;
        return FORWARD;
      },
    });
    near.pause();
    for (let i = 0; i < 200; i++) far.send(Buffer.alloc(262_144));
    await new Promise((resolve) => setTimeout(resolve, 150));
    const passedWhilePaused = passed;
    expect(passedWhilePaused).toBeLessThan(150);
    near.resume();
    for (let i = 0; i < 200; i++) await nearInbox.next();
    expect(passed).toBe(200);
  });
});

describe('relayed unread', () => {
  it('passes what was said and shows nothing', async () => {
    const compression = { server: { threshold: 0 }, client: { threshold: 0 } };
    const { near, far, nearInbox, farInbox, seen, relay } = await connect({ ...compression, plan: 'relay' });
    near.send(PHRASE);
    far.send('é'.repeat(200_000));
    expect(await farInbox.next()).toBe(PHRASE);
    expect(await nearInbox.next()).toHaveLength(200_000);
    far.close(1001, 'going');
    expect(await nearInbox.closed).toEqual({ code: 1001, reason: 'going' });
    expect(await relay.outcome).toMatchObject({ result: 'complete' });
    expect(seen).toEqual([]);
  });
});

describe.each(['relay', 'govern'] as const)('plan %s: an end that vanishes', (plan) => {
  it('client', async () => {
    const { near, farInbox, nearInbox, relay } = await connect({ plan });
    near.send('hello');
    await farInbox.next();
    (near as unknown as { _socket: import('node:net').Socket })._socket.resetAndDestroy();
    await nearInbox.closed;
    expect((await farInbox.closed).code).toBe(1006);
    expect(await relay.outcome).toMatchObject({ result: 'client-aborted', cause: 'reset' });
  });

  it('server', async () => {
    const { far, nearInbox, relay } = await connect({ plan });
    far.send('hello');
    await nearInbox.next();
    (far as unknown as { _socket: import('node:net').Socket })._socket.resetAndDestroy();
    expect((await nearInbox.closed).code).toBe(1006);
    expect(await relay.outcome).toMatchObject({ result: 'upstream-failed', cause: 'reset' });
  });
});

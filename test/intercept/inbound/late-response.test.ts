/** Answers whose commands come late: in order, with the end last, the upstream held back, and nothing for a client that left. */
import type http from 'node:http';
import http2 from 'node:http2';
import zlib from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { Flow, Late, ResponseCommand } from '../../../agent/src/core/flow.ts';
import {
  ask,
  ask2,
  eventually,
  startRig,
  startTlsOrigin,
  type TlsOriginHandlers,
} from '../../kit/edge-rig.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

/** Holds whatever it is shown until the test lets go of it. */
class Holding implements Late<ResponseCommand> {
  held: string[] = [];
  maxHeld = Number.POSITIVE_INFINITY;
  deliver: (take: () => readonly ResponseCommand[]) => void = () => undefined;
  readonly flow: Partial<Flow> = {
    responseHead: () => ({ type: 'gate', late: this }),
    responseData: (chunk) => {
      this.held.push(Buffer.from(chunk).toString());
      return [];
    },
  };

  get full(): boolean {
    return this.held.length >= this.maxHeld;
  }

  get waiting(): boolean {
    return this.held.length > 0;
  }

  listen(deliver: (take: () => readonly ResponseCommand[]) => void): void {
    this.deliver = deliver;
  }

  release(): void {
    const held = this.held.splice(0);
    this.deliver(() => held.map((bytes) => ({ type: 'emit', bytes: bytes.toUpperCase() })));
  }
}

async function stage(handlers: TlsOriginHandlers) {
  const origin = await startTlsOrigin(handlers);
  open.push(origin);
  const rig = await startRig();
  open.push(rig);
  const holding = new Holding();
  rig.governor.flow = () => holding.flow;
  return { rig, holding, authority: `ai.test:${origin.port}` };
}

const answerWith = (body: string | Buffer, headers: http.OutgoingHttpHeaders = {}): TlsOriginHandlers => ({
  http1: (_request, response) => response.writeHead(200, headers).end(body),
});

describe('what comes late', () => {
  it.each(['h1', 'h2'] as const)('%s: is sent, and then the end', async (protocol) => {
    const { rig, holding, authority } = await stage(answerWith('hello'));
    const answer =
      protocol === 'h1'
        ? ask(await rig.tls(authority), authority)
        : ask2(await rig.http2(authority), { ':path': '/' });
    await eventually(() => holding.waiting && rig.governor.flows[0]?.responseEnded === true);
    expect(rig.governor.flows[0]?.outcomes).toEqual([]);
    holding.release();
    expect((await answer).body.toString()).toBe('HELLO');
    const [flow] = await rig.governor.finished(1);
    expect(flow?.outcomes).toMatchObject([{ result: 'complete', responseBytes: 5 }]);
  });

  it('of a compressed answer, likewise', async () => {
    const body = zlib.gzipSync('hello');
    const { rig, holding, authority } = await stage(answerWith(body, { 'content-encoding': 'gzip' }));
    const answer = ask(await rig.tls(authority), authority);
    await eventually(() => rig.governor.flows[0]?.responseEnded === true);
    holding.release();
    expect((await answer).body.toString()).toBe('HELLO');
  });

  it('can cut an answer that the upstream has long ended', async () => {
    const { rig, holding, authority } = await stage(answerWith('hello'));
    const answer = ask(await rig.tls(authority), authority);
    await eventually(() => rig.governor.flows[0]?.responseEnded === true);
    holding.deliver(() => [
      { type: 'emit', bytes: 'HEL' },
      { type: 'cut', lastBytes: ' refused' },
    ]);
    expect((await answer).body.toString()).toBe('HEL refused');
    const [flow] = await rig.governor.finished(1);
    expect(flow?.outcomes).toMatchObject([{ result: 'cut' }]);
  });

  it.each(['h1', 'h2'] as const)(
    '%s: a client that leaves meanwhile ends the flow, once',
    async (protocol) => {
      const { rig, holding, authority } = await stage(answerWith('hello'));
      const socket = protocol === 'h1' ? await rig.tls(authority) : undefined;
      const session = protocol === 'h2' ? await rig.http2(authority) : undefined;
      socket?.write(`GET / HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
      const stream = session?.request({ ':path': '/' });
      stream?.on('error', () => undefined);
      await eventually(() => rig.governor.flows[0]?.responseEnded === true);
      socket?.destroy();
      stream?.close(http2.constants.NGHTTP2_CANCEL);
      const [flow] = await rig.governor.finished(1);
      holding.release();
      expect(flow?.outcomes).toMatchObject([{ result: 'client-aborted' }]);
    },
  );

  it('what fails is a failure of the flow: the client never takes it for the whole', async () => {
    const { rig, holding, authority } = await stage(answerWith('hello'));
    const answer = ask(await rig.tls(authority), authority);
    await eventually(() => rig.governor.flows[0]?.responseEnded === true);
    holding.deliver(() => {
      throw new Error('flow failed');
    });
    await expect(answer).rejects.toThrow();
    const [flow] = await rig.governor.finished(1);
    expect(flow?.outcomes).toMatchObject([{ result: 'upstream-failed', cause: 'postern-defect' }]);
  });

  it.each(['plain', 'gzip'] as const)(
    '%s: the upstream waits while as much is held as may be',
    async (coding) => {
      let written = 0;
      const chunk = Buffer.alloc(65_536, 'x');
      const total = 50_000_000;
      const { rig, holding, authority } = await stage({
        http1: (_request, response) => {
          response.writeHead(200, coding === 'gzip' ? { 'content-encoding': 'gzip' } : {});
          const into = coding === 'gzip' ? zlib.createGzip({ level: 0 }) : response;
          if (into !== response) into.pipe(response);
          const more = (): void => {
            while (written < total && !response.destroyed) {
              written += chunk.length;
              if (!into.write(chunk)) return;
            }
            into.end();
          };
          into.on('drain', more);
          more();
        },
      });
      holding.maxHeld = 10;
      let received = 0;
      const socket = await rig.tls(authority);
      socket.on('data', (data: Buffer) => {
        received += data.length;
      });
      socket.write(`GET / HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
      await eventually(() => holding.full);
      let before = -1;
      for (; written !== before; await new Promise((resolve) => setTimeout(resolve, 300))) before = written;
      expect(written).toBeLessThan(30_000_000);
      const releasing = setInterval(() => holding.release(), 1);
      await eventually(() => received > total, 20_000);
      clearInterval(releasing);
      socket.destroy();
    },
    40_000,
  );
});

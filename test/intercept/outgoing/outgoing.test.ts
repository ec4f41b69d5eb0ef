import { createServer } from 'node:https';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutgoingError, type UpstreamHandler } from '../../../agent/src/intercept/ports.ts';
import { begin, fetchOnce } from '../../kit/upstream-call.ts';
import { type Bench, createBench, HOST, local, ok, onRequests, pause, until } from './setup.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.close());

describe('outgoing', () => {
  it.each(['a b', 'a/b', 'a@b', '::gg', ''])(
    'answers an impossible host %j with an error, not an exception',
    async (host) => {
      const answer = await fetchOnce(bench.outgoing(), { host, port: 443 });
      expect(answer.error).toBeInstanceOf(OutgoingError);
    },
  );

  it('says nothing more after an abort, even of its own refusal', async () => {
    const ongoing = begin(bench.outgoing(), { host: 'a b', port: 443 });
    ongoing.call.abort();
    await pause(10);
    expect(ongoing.log).toEqual([]);
  });

  it.each(['h1', 'h2'] as const)('survives a handler that throws (%s)', async (protocol) => {
    const target =
      protocol === 'h1'
        ? await bench.h1((socket) => onRequests(socket, () => ok('x')))
        : await bench.h2((server) =>
            server.on('stream', (stream) => {
              stream.on('error', () => {});
              stream.respond({ ':status': 200 });
              stream.end('x');
            }),
          );
    const outgoing = bench.outgoing();
    const request = {
      scheme: 'https',
      method: 'GET',
      path: '/',
      headers: ['Host', HOST],
      protocol,
      body: undefined,
    } as const;
    for (const faulty of ['head', 'data'] as const) {
      const error = await new Promise<OutgoingError>((resolve) => {
        const handler: UpstreamHandler = {
          informational() {},
          head() {},
          data: () => true,
          end() {},
          error: resolve,
        };
        handler[faulty] = () => {
          throw new Error('a fault of ours');
        };
        outgoing.request(target, request, handler);
      });
      expect(error).toBeInstanceOf(OutgoingError);
    }
    expect((await fetchOnce(outgoing, target, { protocol })).body).toBe('x');
  });

  it('keeps its calls apart: 300 at once over h1 and h2, some given up, none mixed up', {
    timeout: 60_000,
  }, async () => {
    const h1 = createServer({ ...bench.certificate }, (request, response) => {
      setTimeout(() => request.pipe(response), Math.random() * 20);
    });
    const h1Target = local(await bench.listen(h1));
    const h2Target = await bench.h2((server) =>
      server.on('stream', (stream) => {
        stream.on('error', () => {});
        stream.respond({ ':status': 200 });
        setTimeout(() => stream.pipe(stream), Math.random() * 20);
      }),
    );
    const outgoing = bench.outgoing({ deadlines: { dnsMs: 5_000, connectMs: 15_000, handshakeMs: 15_000 } });
    const wrong: string[] = [];
    const one = async (index: number): Promise<void> => {
      const protocol = index % 2 === 0 ? 'h1' : 'h2';
      const text = `call ${index} ${'x'.repeat(index * 7)}`;
      const stream = new PassThrough();
      stream.end(text);
      const body = index % 3 === 0 ? stream : Buffer.from(text);
      const ongoing = begin(outgoing, protocol === 'h1' ? h1Target : h2Target, {
        method: 'POST',
        protocol,
        body,
      });
      if (index % 10 === 9) {
        await pause(Math.random() * 30);
        ongoing.call.abort();
        return;
      }
      const answer = await ongoing.done;
      if (answer.error !== undefined || answer.body !== text)
        wrong.push(`${index}: ${answer.error?.message}`);
    };
    await Promise.all(Array.from({ length: 300 }, (_, index) => one(index)));
    expect(wrong).toEqual([]);
    await outgoing.close();
    await until(() => outgoing.stats().h1Connections === 0 && outgoing.stats().h2Sessions === 0);
  });

  it('finds a CA file in which comments and a key surround the certificate', async () => {
    const target = await bench.h1((socket) => onRequests(socket, () => ok('x')));
    const outgoing = bench.outgoing({
      extraCertificates: [`# corporate\n${bench.certificate.key}\n${bench.rootPem}\n# end`],
    });
    expect((await fetchOnce(outgoing, target)).body).toBe('x');
    const without = bench.outgoing({ extraCertificates: [] });
    expect((await fetchOnce(without, target)).error?.code).toBe('certificate-invalid');
  });
});

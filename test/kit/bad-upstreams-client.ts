/** Run as a process of its own, in a hostile environment: asks every upstream given on stdin, prints how it went. */

import { request as naiveRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { createOutgoing } from '../../agent/src/intercept/outgoing/outgoing.ts';
import type { BadUpstream } from './bad-upstreams.ts';
import { fetchOnce } from './upstream-call.ts';

interface Task {
  readonly rootPem: string;
  readonly upstreams: readonly BadUpstream[];
  /** Use Node's own https with its defaults instead: shows that the environment is a real threat. */
  readonly naive: boolean;
}

const task: Task = JSON.parse(await text(process.stdin));
const results: Record<string, string> = {};
const body = Buffer.from('{"prompt":"secret"}');
if (task.naive) {
  for (const { name, host, port } of task.upstreams) results[name] = await naive(host, port);
} else {
  const outgoing = createOutgoing({
    extraCertificates: [task.rootPem],
    useSystemStore: true,
    allowPrivateTargets: true,
    deadlines: { dnsMs: 1_000, connectMs: 2_000, handshakeMs: 3_000 },
  });
  for (const { name, host, port, listed } of task.upstreams) {
    const target = { host, port, address: '127.0.0.1' };
    if (listed) await outgoing.prefetchRevocation(target);
    const answer = await fetchOnce(outgoing, target, { body, headers: ['Host', host] });
    results[name] = answer.error?.code ?? `${answer.status}`;
  }
}
process.stdout.write(JSON.stringify(results), () => process.exit(0));

function naive(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const request = naiveRequest(
      { host: '127.0.0.1', servername: host, port, method: 'POST', agent: false },
      (response) => resolve(`${response.statusCode}`),
    );
    request.on('error', (error) => resolve(error.message));
    request.end(body);
  });
}

/**
 * Runs inside a network of its own: listens on a loopback port there and carries bytes to a Unix socket, the one way
 * out that a network namespace doesn't close. `node loopback-relay.ts PORT=SOCKET …`; prints `ready`, ends with stdin.
 */
import net from 'node:net';

const relays = process.argv.slice(2).map((pair) => {
  const [port = '', socket = ''] = pair.split('=', 2);
  return { port: Number(port), socket };
});

for (const { port, socket } of relays) {
  const server = net.createServer({ allowHalfOpen: true }, (inside) => {
    const outside = net.connect({ path: socket, allowHalfOpen: true });
    for (const side of [inside, outside]) {
      side.on('error', () => {
        inside.destroy(); // either end has gone: so must the other
        outside.destroy();
      });
    }
    inside.pipe(outside);
    outside.pipe(inside);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
process.stdout.write('ready\n');

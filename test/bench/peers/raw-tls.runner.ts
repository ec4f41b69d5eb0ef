/** Arguments: port, scratch folder, upstream CA file. */
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { createTestAuthority } from '../../kit/pki.ts';

const [port = '', scratch = '', caFile = ''] = process.argv.slice(2);
const authority = await createTestAuthority('Raw TLS Floor');
writeFileSync(path.join(scratch, 'ca.pem'), authority.pem);
const ca = readFileSync(caFile, 'utf8');
const contexts = new Map<string, Promise<tls.SecureContext>>();
const contextFor = (host: string): Promise<tls.SecureContext> => {
  let context = contexts.get(host);
  if (!context) {
    context = authority.issue({ names: [host] }).then((issued) => tls.createSecureContext(issued));
    contexts.set(host, context);
  }
  return context;
};

const server = http.createServer();
server.on('connect', (request, socket: net.Socket) => {
  const [host = '', targetPort = '443'] = (request.url ?? '').split(':');
  socket.on('error', () => socket.destroy());
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  contextFor(host).then(
    (secureContext) => {
      const client = new tls.TLSSocket(socket, {
        isServer: true,
        secureContext,
        ALPNProtocols: ['http/1.1'],
      });
      const upstream = tls.connect({
        host,
        port: Number(targetPort),
        servername: host,
        ca,
        ALPNProtocols: ['http/1.1'],
      });
      upstream.setNoDelay(true);
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
      client.pipe(upstream);
      upstream.pipe(client);
    },
    () => socket.destroy(),
  );
});
server.listen(Number(port), '127.0.0.1');

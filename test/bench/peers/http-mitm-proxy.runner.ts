/** http-mitm-proxy doing nothing but forwarding. Arguments: package folder, port, scratch folder, upstream CA file. */
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import path from 'node:path';

const [folder = '', port = '', scratch = '', caFile = ''] = process.argv.slice(2);
const { Proxy: MitmProxy } = createRequire(path.join(folder, 'package.json'))('http-mitm-proxy');
const proxy = new MitmProxy();
proxy.onError(() => undefined);
const httpsAgent = new https.Agent({ keepAlive: true, ca: readFileSync(caFile, 'utf8') });
proxy.listen({ host: '127.0.0.1', port: Number(port), sslCaDir: scratch, keepAlive: true, httpsAgent });

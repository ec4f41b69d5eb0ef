/** mockttp passing everything through. Arguments: package folder, port, scratch folder, upstream CA file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const [folder = '', port = '', scratch = '', caFile = ''] = process.argv.slice(2);
const mockttp = createRequire(path.join(folder, 'package.json'))('mockttp');
const ca = await mockttp.generateCACertificate();
writeFileSync(path.join(scratch, 'ca.pem'), ca.cert);
const server = mockttp.getLocal({ https: ca, recordTraffic: false });
await server
  .forAnyRequest()
  .thenPassThrough({ additionalTrustedCAs: [{ cert: readFileSync(caFile, 'utf8') }] });
await server.start(Number(port));

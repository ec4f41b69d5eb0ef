/** Debian's squid-openssl with ssl-bump, one worker, no cache. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, type Peer, startServer, stopServer } from './peer.ts';

const SQUID = '/usr/sbin/squid';
const CERTIFICATE_GENERATOR = '/usr/lib/squid/security_file_certgen';

export const squid: Peer = {
  name: 'squid',
  async prepare() {
    return existsSync(SQUID) && existsSync(CERTIFICATE_GENERATOR)
      ? undefined
      : { missing: 'apt-get install squid-openssl' };
  },
  async start({ folder, originCaFile }) {
    const port = await freePort();
    const caFile = path.join(folder, 'ca.pem');
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '30',
        '-subj',
        '/CN=squid bench',
        '-addext',
        'basicConstraints=critical,CA:TRUE',
        '-addext',
        'keyUsage=critical,keyCertSign',
        '-keyout',
        caFile,
        '-out',
        `${caFile}.crt`,
      ],
      { stdio: 'ignore' },
    );
    const ca = readFileSync(`${caFile}.crt`, 'utf8');
    writeFileSync(caFile, readFileSync(caFile, 'utf8') + ca);
    const database = path.join(folder, 'ssl_db');
    execFileSync(CERTIFICATE_GENERATOR, ['-c', '-s', database, '-M', '16MB'], { stdio: 'ignore' });
    const file = path.join(folder, 'squid.conf');
    writeFileSync(file, configuration({ port, caFile, database, folder, originCaFile }));
    handOver(folder);
    const child = await startServer(SQUID, ['-N', '-n', `bench${port}`, '-f', file], port);
    return { port, ca, pids: [child.pid ?? 0], stop: () => stopServer(child) };
  },
};

/** Squid refuses to run as root: started by root it works as `proxy`, who must be able to reach its files. */
function handOver(folder: string): void {
  if (process.getuid?.() !== 0) return;
  execFileSync('chown', ['-R', 'proxy', folder]);
  chmodSync(path.dirname(folder), 0o711);
}

const configuration = (at: {
  port: number;
  caFile: string;
  database: string;
  folder: string;
  originCaFile: string;
}): string => `
http_port 127.0.0.1:${at.port} ssl-bump generate-host-certificates=on dynamic_cert_mem_cache_size=16MB tls-cert=${at.caFile}
sslcrtd_program ${CERTIFICATE_GENERATOR} -s ${at.database} -M 16MB
sslcrtd_children 2 startup=1
acl step1 at_step SslBump1
acl blind ssl::server_name blind.bench.test
ssl_bump peek step1
ssl_bump splice blind
ssl_bump bump all
tls_outgoing_options cafile=${at.originCaFile}
http_access allow all
cache deny all
access_log none
cache_log ${at.folder}/cache.log
cache_store_log none
pid_filename none
coredump_dir ${at.folder}
cache_effective_user proxy
shutdown_lifetime 0 seconds
host_verify_strict off
visible_hostname bench.test
`;

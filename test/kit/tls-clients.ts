/**
 * Real TLS clients, each told to trust one root and to send a request to each of some addresses on loopback. What they
 * say about it is ignored: the servers' side tells whether a byte of a request arrived.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { runClient } from './clients.ts';
import { startCorporateProxy } from './corporate-proxy.ts';

export interface TlsTarget {
  readonly host: string;
  readonly port: number;
}

export interface TlsClient {
  readonly name: string;
  /** Programs without which it is skipped. */
  readonly programs: readonly string[];
  /** Resolves when every target was tried. `directory` is the client's own, empty. */
  visit(targets: readonly TlsTarget[], rootFile: string, directory: string): Promise<void>;
}

const TIMEOUT_MS = 60_000;
const LOOPBACK = '127.0.0.1';

/** The first program that isn't on this machine's PATH. */
export function missingProgram(programs: readonly string[]): string | undefined {
  return programs.find((program) => {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
}

const addresses = (targets: readonly TlsTarget[]) => targets.map(({ host, port }) => `${host}:${port}`);

/** Runs a client; a failure to start is an error, a refusal is what we came for. */
async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, stdin?: string) {
  const ran = await runClient(command, args, {
    env: { ...process.env, ...env },
    timeoutMs: TIMEOUT_MS,
    ...(stdin === undefined ? {} : { stdin }),
  });
  return ran;
}

const curl: TlsClient = {
  name: 'curl',
  programs: ['curl'],
  async visit(targets, rootFile) {
    for (const { host, port } of targets) {
      const resolve = ['--resolve', `${host}:${port}:${LOOPBACK}`];
      const limits = ['--silent', '--max-time', '10', '--noproxy', '*'];
      await run('curl', ['--cacert', rootFile, ...resolve, ...limits, `https://${host}:${port}/`]);
    }
  },
};

const openssl: TlsClient = {
  name: 'openssl s_client',
  programs: ['openssl'],
  async visit(targets, rootFile) {
    for (const { host, port } of targets) {
      const isAddress = /^[\d.]+$/.test(host);
      const name = isAddress ? ['-verify_ip', host] : ['-servername', host, '-verify_hostname', host];
      const trust = ['-CAfile', rootFile, '-verify_return_error', '-quiet'];
      const connect = ['s_client', '-connect', `${LOOPBACK}:${port}`];
      await run('openssl', [...connect, ...name, ...trust], {}, 'GET / HTTP/1.0\r\n\r\n');
    }
  },
};

const NODE_PROGRAM = `
const tls = require('node:tls');
for (const address of process.argv.slice(1)) {
  const [host, port] = address.split(':');
  const name = /^[\\d.]+$/.test(host) ? {} : { servername: host };
  const socket = tls.connect({ host: '127.0.0.1', port, ...name }, () => socket.end('GET / HTTP/1.0\\r\\n\\r\\n'));
  socket.on('error', () => {}).setTimeout(5000, () => socket.destroy()).resume();
}`;

const node: TlsClient = {
  name: 'Node',
  programs: [],
  async visit(targets, rootFile) {
    await run(process.execPath, ['-e', NODE_PROGRAM, ...addresses(targets)], {
      NODE_EXTRA_CA_CERTS: rootFile,
    });
  },
};

const PYTHON_PROGRAM = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
for address in sys.argv[2:]:
    host, port = address.split(':')
    try:
        with socket.create_connection(('127.0.0.1', int(port)), timeout=5) as raw:
            with context.wrap_socket(raw, server_hostname=host) as secure:
                secure.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n')
                secure.recv(1024)
    except (ssl.SSLError, OSError):
        pass
`;

const python: TlsClient = {
  name: 'Python',
  programs: ['python3'],
  async visit(targets, rootFile) {
    await run('python3', ['-c', PYTHON_PROGRAM, rootFile, ...addresses(targets)]);
  },
};

const GO_PROGRAM = `package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"time"
)

func main() {
	pem, _ := os.ReadFile(os.Args[1])
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	for _, address := range os.Args[2:] {
		host, port, _ := net.SplitHostPort(address)
		dialer := &net.Dialer{Timeout: 5 * time.Second}
		conn, err := tls.DialWithDialer(dialer, "tcp", "127.0.0.1:"+port, &tls.Config{RootCAs: roots, ServerName: host})
		if err != nil {
			continue
		}
		conn.Write([]byte("GET / HTTP/1.0\\r\\n\\r\\n"))
		conn.Read(make([]byte, 1024))
		conn.Close()
	}
}
`;

const go: TlsClient = {
  name: 'Go',
  programs: ['go'],
  async visit(targets, rootFile, directory) {
    const source = path.join(directory, 'visit.go');
    writeFileSync(source, GO_PROGRAM);
    const offline = { GOFLAGS: '-mod=mod', GOPROXY: 'off', GO111MODULE: 'off', GOTOOLCHAIN: 'local' };
    await run('go', ['run', source, rootFile, ...addresses(targets)], offline);
  },
};

const JAVA_PROGRAM = `
import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.*;
import javax.net.ssl.*;

public class Visit {
  public static void main(String[] args) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = Files.newInputStream(Path.of(args[0]))) {
      store.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    for (int i = 1; i < args.length; i++) {
      String host = args[i].split(":")[0];
      int port = Integer.parseInt(args[i].split(":")[1]);
      try (Socket raw = new Socket("127.0.0.1", port);
          SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(raw, host, port, true)) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.setSoTimeout(5000);
        socket.getOutputStream().write("GET / HTTP/1.0\\r\\n\\r\\n".getBytes());
        socket.getInputStream().read();
      } catch (IOException refused) {
      }
    }
  }
}
`;

const java: TlsClient = {
  name: 'Java',
  programs: ['java'],
  async visit(targets, rootFile, directory) {
    const source = path.join(directory, 'Visit.java');
    writeFileSync(source, JAVA_PROGRAM);
    await run('java', [source, rootFile, ...addresses(targets)]);
  },
};

/** Of libnss3-tools. */
const CERTUTIL = 'certutil';

/** A certificate database as NSS keeps it, with this root trusted for web sites. */
function nssDatabase(directory: string, rootFile: string): void {
  mkdirSync(directory, { recursive: true });
  execFileSync(CERTUTIL, ['-d', `sql:${directory}`, '-N', '--empty-password'], { stdio: 'ignore' });
  const add = ['-A', '-t', 'C,,', '-n', 'test root', '-i', rootFile];
  execFileSync(CERTUTIL, ['-d', `sql:${directory}`, ...add], { stdio: 'ignore' });
}

/**
 * A page that fetches every target, then reports. One start of a browser serves all targets; names reach loopback
 * through a CONNECT proxy, addresses by themselves.
 */
async function visitWithBrowser(
  targets: readonly TlsTarget[],
  start: (page: string, proxyPort: number) => ChildProcess,
): Promise<void> {
  const proxy = await startCorporateProxy({
    route: (host, port) => targets.find((target) => target.host === host && target.port === port)?.port,
  });
  const urls = addresses(targets).map((address) => `https://${address}/`);
  const script = `Promise.allSettled(${JSON.stringify(urls)}.map((url) => fetch(url, { mode: 'no-cors' })))
    .then(() => fetch('/done', { method: 'POST' }))`;
  let child: ChildProcess | undefined;
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  const server = http.createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(request.url === '/' ? `<!doctype html><script>${script}</script>` : '');
    if (request.url === '/done') resolve();
  });
  await new Promise<void>((listening) => server.listen(0, LOOPBACK, listening));
  const timer = setTimeout(() => reject(new Error('the browser never reported')), TIMEOUT_MS);
  try {
    child = start(`http://${LOOPBACK}:${(server.address() as AddressInfo).port}/`, proxy.port);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the browser ended with ${code}`)));
    await done;
  } finally {
    clearTimeout(timer);
    await stop(child);
    server.closeAllConnections();
    server.close();
    await proxy.close();
  }
}

/** Ends a browser with all its helper processes: it was started as the leader of a group. */
async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode !== null) return;
  process.kill(-child.pid, 'SIGKILL');
  await exited;
}

const startBrowser = (command: string, args: readonly string[], home: string): ChildProcess =>
  spawn(command, args, { env: { ...process.env, HOME: home }, stdio: 'ignore', detached: true });

const chromium: TlsClient = {
  name: 'Chromium',
  programs: ['chromium', 'certutil'],
  async visit(targets, rootFile, directory) {
    nssDatabase(path.join(directory, '.pki', 'nssdb'), rootFile);
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-dev-shm-usage',
    ];
    await visitWithBrowser(targets, (page, proxyPort) =>
      startBrowser(
        'chromium',
        [
          ...flags,
          `--user-data-dir=${directory}/profile`,
          `--proxy-server=${LOOPBACK}:${proxyPort}`,
          '--disable-features=LocalNetworkAccessChecks',
          page,
        ],
        directory,
      ),
    );
  },
};

const firefox: TlsClient = {
  name: 'Firefox',
  programs: ['firefox-esr', 'certutil'],
  async visit(targets, rootFile, directory) {
    const profile = path.join(directory, 'profile');
    nssDatabase(profile, rootFile);
    await visitWithBrowser(targets, (page, proxyPort) => {
      const preferences = {
        'network.proxy.type': 1,
        'network.proxy.ssl': LOOPBACK,
        'network.proxy.ssl_port': proxyPort,
        'network.captive-portal-service.enabled': false,
        'network.connectivity-service.enabled': false,
        'browser.shell.checkDefaultBrowser': false,
        'datareporting.policy.dataSubmissionEnabled': false,
        'app.normandy.enabled': false,
      };
      const lines = Object.entries(preferences).map(
        ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
      );
      writeFileSync(path.join(profile, 'user.js'), lines.join('\n'));
      return startBrowser(
        'firefox-esr',
        ['--headless', '--no-remote', '--profile', profile, page],
        directory,
      );
    });
  },
};

export const TLS_CLIENTS: readonly TlsClient[] = [curl, openssl, node, python, go, java, chromium, firefox];

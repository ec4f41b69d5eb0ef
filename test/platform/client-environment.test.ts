import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  cleanEnvironment,
  dangerousVariablesIn,
  dropDangerousVariables,
} from '../../agent/src/platform/clean-environment.ts';
import { applyVariables, clientEnvironment } from '../../agent/src/platform/client-environment.ts';
import { platform } from '../../agent/src/platform/platform.ts';
import { detectShell, renderForShell, type Shell } from '../../agent/src/platform/shell-syntax.ts';
import { writeTrustFiles } from '../../agent/src/platform/trust-bundle.ts';
import { trustStoreStates } from '../../agent/src/platform/trust-stores.ts';
import { windowsCommandLine } from '../../agent/src/platform/win32/command-line.ts';
import { createTestAuthority, type TestAuthority } from '../kit/pki.ts';

const options = {
  proxyUrl: 'http://127.0.0.1:7843',
  caFile: '/h/ca.pem',
  bundleFile: '/h/bundle.pem',
  javaTrustStoreFile: '/h/bundle.p12',
  current: {},
  os: 'linux',
} as const;

const asObject = (extra: Partial<Parameters<typeof clientEnvironment>[0]> = {}) =>
  Object.fromEntries(clientEnvironment({ ...options, ...extra }).map(({ name, value }) => [name, value]));

describe('variables for programs', () => {
  test('every runtime of the reference gets its proxy and its CA', () => {
    const variables = asObject();
    expect(variables).toMatchObject({
      HTTPS_PROXY: options.proxyUrl,
      https_proxy: options.proxyUrl,
      HTTP_PROXY: options.proxyUrl,
      http_proxy: options.proxyUrl,
      WSS_PROXY: options.proxyUrl,
      wss_proxy: options.proxyUrl,
      WS_PROXY: options.proxyUrl,
      ws_proxy: options.proxyUrl,
      ALL_PROXY: undefined,
      all_proxy: undefined,
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: '/h/ca.pem',
      DENO_CERT: '/h/ca.pem',
      SSL_CERT_FILE: '/h/bundle.pem',
      CODEX_CA_CERTIFICATE: '/h/bundle.pem',
      REQUESTS_CA_BUNDLE: '/h/bundle.pem',
      CURL_CA_BUNDLE: '/h/bundle.pem',
      AWS_CA_BUNDLE: '/h/bundle.pem',
      GIT_SSL_CAINFO: '/h/bundle.pem',
      PIP_CERT: '/h/bundle.pem',
      CARGO_HTTP_CAINFO: '/h/bundle.pem',
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: '/h/bundle.pem',
    });
    expect(variables['NO_PROXY']).toContain('localhost,127.0.0.1,::1');
    expect(variables['JAVA_TOOL_OPTIONS']).toContain('-Dhttps.proxyPort=7843');
    expect(clientEnvironment(options).every(({ reason }) => reason.length > 0)).toBe(true);
  });

  test("a person's own values survive where they hold lists, `*` does not", () => {
    const variables = asObject({
      current: {
        no_proxy: 'intra.acme.com, *,10.0.0.0/8',
        NODE_EXTRA_CA_CERTS: '/corp.pem',
        JAVA_TOOL_OPTIONS: '-Xmx1g "-Dname=a b" -Dhttp.proxyHost=old',
      },
    });
    expect(variables['NO_PROXY']?.split(',')).toContain('intra.acme.com');
    expect(variables['NO_PROXY']?.split(',')).not.toContain('*');
    expect(variables['NODE_EXTRA_CA_CERTS']).toBe('/h/bundle.pem');
    expect(variables['JAVA_TOOL_OPTIONS']).toMatch(/^-Xmx1g "-Dname=a b" -Dhttp\.proxyHost=127\.0\.0\.1 /);
  });

  test('applied twice it is the same', () => {
    const once = applyVariables({ ALL_PROXY: 'x', HOME: '/h' }, clientEnvironment(options));
    expect(once['ALL_PROXY']).toBeUndefined();
    expect(applyVariables(once, clientEnvironment({ ...options, current: once }))).toEqual(once);
  });

  test('Windows has no lower-case twins', () => {
    expect(Object.keys(asObject({ os: 'win32' })).filter((name) => name !== name.toUpperCase())).toEqual([]);
  });
});

describe('shell syntax', () => {
  const nasty = fc
    .string({ unit: 'grapheme', maxLength: 40 })
    .map((text) => text.replaceAll(/[\0\r\n]/g, ' '));

  test.each(['bash', 'dash'])('%s reads back every value exactly', (shell) => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1, maxLength: 20 }), (values) => {
        const variables = values.map((value, index) => ({ name: `V${index}`, value, reason: 'r' }));
        const script = `${renderForShell('sh', variables)}\n${values.map((_, i) => `printf '%s\\0' "$V${i}"`).join('\n')}`;
        const read = execFileSync(shell, ['-c', script], { encoding: 'utf8', env: { SHLVL: '5' } });
        expect(read.split('\0').slice(0, -1)).toEqual(values);
      }),
      { numRuns: 15 },
    );
  });

  test.each<[Shell, string, string]>([
    ['fish', `set -gx A 'it\\'s \\\\ $HOME'`, 'set -e B'],
    ['powershell', `$env:A = 'it''s \\ $HOME'`, 'Remove-Item Env:B -ErrorAction SilentlyContinue'],
    ['cmd', `set "A=it's \\ $HOME"`, 'set "B="'],
  ])('%s', (shell, set, unset) => {
    const text = renderForShell(shell, [
      { name: 'A', value: `it's \\ $HOME`, reason: 'why & <what>' },
      { name: 'B', value: undefined, reason: 'gone' },
    ]);
    expect(text.split('\n')).toContain(set);
    expect(text.split('\n')).toContain(unset);
    expect(text).not.toContain('<what>');
  });

  test.each<[Record<string, string>, 'linux' | 'win32', Shell]>([
    [{ SHELL: '/usr/bin/fish' }, 'linux', 'fish'],
    [{ SHELL: '/bin/ksh' }, 'linux', 'sh'],
    [{}, 'linux', 'sh'],
    [{ PSModulePath: 'x' }, 'win32', 'powershell'],
    [{}, 'win32', 'cmd'],
    [{ SHELL: 'C:\\Program Files\\Git\\bin\\bash.exe' }, 'win32', 'bash'],
  ])('%j on %s is %s', (env, system, shell) => {
    expect(detectShell(env, system)).toBe(shell);
  });
});

describe('a clean environment', () => {
  const dirty = {
    NODE_OPTIONS: '--require /x.js',
    https_proxy: 'http://p',
    SSLKEYLOGFILE: '/k',
    HOME: '/h',
    PATH: '/b',
    NODE_PATH: '',
  };

  test('nothing dangerous and no proxy stays; what was there is named', () => {
    const { env, removed } = cleanEnvironment(dirty);
    expect(env).toEqual({ HOME: '/h', PATH: '/b' });
    expect(removed.map(({ name }) => name)).toEqual(['NODE_OPTIONS', 'SSLKEYLOGFILE']);
    expect(dangerousVariablesIn({ Node_Options: 'x' }, 'linux')).toEqual([]);
    expect(dangerousVariablesIn({ Node_Options: 'x' }, 'win32')).toHaveLength(1);
  });

  test('this very process can be cleaned', () => {
    const own: NodeJS.ProcessEnv = { ...dirty };
    expect(dropDangerousVariables(own, own)).toHaveLength(2);
    expect(own).toEqual({ HOME: '/h', PATH: '/b' });
  });
});

describe('Windows command lines', () => {
  const env = { Path: 'C:\\bin;D:\\p\\node_modules\\.bin', PATHEXT: '.EXE;.CMD', ComSpec: 'C:\\cmd.exe' };
  const having =
    (...files: string[]) =>
    (file: string) =>
      files.includes(file);

  test('a program is started directly, a shim by cmd.exe, neither from the current folder', () => {
    expect(windowsCommandLine('node', ['a b'], env, having('C:\\bin\\node.EXE', 'node.EXE'))).toEqual({
      program: 'C:\\bin\\node.EXE',
      args: ['a b'],
      verbatim: false,
    });
    expect(windowsCommandLine('claude', ['say "hi" & %PATH%'], env, having('C:\\bin\\claude.CMD'))).toEqual({
      program: 'C:\\cmd.exe',
      args: ['/d', '/s', '/c', '"C:\\bin\\claude.CMD ^"say^ \\^"hi\\^"^ ^&^ ^%PATH^%^""'],
      verbatim: true,
    });
    expect(windowsCommandLine('nowhere', [], env, having('nowhere.EXE')).program).toBe('nowhere');
  });

  test("an npm shim's arguments are escaped once more, trailing backslashes are doubled", () => {
    const shim = 'D:\\p\\node_modules\\.bin\\x.CMD';
    expect(windowsCommandLine('x', ['a&b'], env, having(shim)).args[3]).toBe(`"${shim} ^^^"a^^^&b^^^""`);
    expect(windowsCommandLine('claude', ['C:\\'], env, having('C:\\bin\\claude.CMD')).args[3]).toContain(
      'C:\\\\^"',
    );
  });
});

describe('trust', () => {
  let scratch: string;
  let authority: TestAuthority;
  let corporate: TestAuthority;
  let server: https.Server;
  let url: string;

  beforeAll(async () => {
    scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'pstn-'));
    authority = await createTestAuthority('Postern test');
    corporate = await createTestAuthority('Corporate');
    fs.writeFileSync(path.join(scratch, 'ca.pem'), authority.pem);
    fs.writeFileSync(path.join(scratch, 'corp.pem'), `some words\n${corporate.pem.replaceAll('\n', '\r\n')}`);
    const leaf = await authority.issue({ names: ['localhost'], addresses: ['127.0.0.1'] });
    server = https.createServer(leaf, (_request, response) => response.end('governed'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `https://localhost:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    fs.rmSync(scratch, { recursive: true, force: true });
  });

  const write = (env: Record<string, string> = {}) =>
    writeTrustFiles(path.join(scratch, 'trust'), {
      caFile: path.join(scratch, 'ca.pem'),
      systemRootFiles: platform('linux').systemRootFiles,
      otherRoots: () => [corporate.pem],
      env,
    });
  const certificates = (file: string): string[] =>
    (fs.readFileSync(file, 'utf8').match(/-----BEGIN[\s\S]+?END CERTIFICATE-----/g) ?? []).map(
      (pem) => new X509Certificate(pem).subject,
    );

  test("system roots, the person's own and ours, once each", () => {
    const { bundleFile, skipped } = write({
      SSL_CERT_FILE: path.join(scratch, 'corp.pem'),
      PIP_CERT: '/nowhere.pem',
    });
    const subjects = certificates(bundleFile);
    expect(subjects).toContain('CN=Postern test');
    expect(subjects).toContain('CN=Corporate');
    expect(skipped).toHaveLength(1);
    expect(skipped[0]).toContain('/nowhere.pem');
    // A shell that is governed already adds nothing.
    expect(write({ SSL_CERT_FILE: path.join(scratch, 'corp.pem'), PIP_CERT: bundleFile }).bundleFile).toBe(
      bundleFile,
    );
  });

  test('bundles that nobody has used for a month are removed', () => {
    const { bundleFile } = write();
    const old = path.join(path.dirname(bundleFile), 'bundle-000000000000.pem');
    fs.writeFileSync(old, '');
    fs.utimesSync(old, 0, 0);
    write();
    expect(fs.existsSync(old)).toBe(false);
    expect(fs.existsSync(bundleFile)).toBe(true);
  });

  const present = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

  test.runIf(present('java'))('a JVM believes our CA by JAVA_TOOL_OPTIONS, and not without', async () => {
    const trust = write();
    fs.writeFileSync(
      path.join(scratch, 'Get.java'),
      `public class Get { public static void main(String[] a) throws Exception {
        System.out.println(new String(new java.net.URL(a[0]).openStream().readAllBytes())); } }`,
    );
    const get = (env: Record<string, string | undefined>): Promise<string> =>
      runProgram('java', [path.join(scratch, 'Get.java'), url], env);
    const variables = clientEnvironment({ ...options, ...trust, caFile: path.join(scratch, 'ca.pem') });
    const javaOptions = variables.find(({ name }) => name === 'JAVA_TOOL_OPTIONS')?.value;
    expect(await get({ JAVA_TOOL_OPTIONS: javaOptions })).toContain('governed');
    expect(await get({ JAVA_TOOL_OPTIONS: '' })).toContain('PKIX');
  });

  test.runIf(present('curl') && present('python3'))('curl and Python believe the bundle', async () => {
    const { bundleFile } = write();
    const env = { SSL_CERT_FILE: bundleFile, CURL_CA_BUNDLE: bundleFile };
    expect(await runProgram('curl', ['-sS', '--noproxy', '*', url], env)).toBe('governed');
    const python =
      'import sys, urllib.request as u; print(u.build_opener(u.ProxyHandler({})).open(sys.argv[1]).read())';
    expect(await runProgram('python3', ['-c', python, url], env)).toContain('governed');
  });

  test.runIf(present('certutil') || spawnSync('certutil', ['-H']).error === undefined)(
    'the NSS database is read',
    async () => {
      const home = path.join(scratch, 'home');
      const database = path.join(home, '.pki/nssdb');
      fs.mkdirSync(database, { recursive: true });
      const certutil = (...args: string[]): void =>
        void execFileSync('certutil', ['-d', `sql:${database}`, ...args]);
      certutil('-N', '--empty-password');
      const state = async (): Promise<string | undefined> =>
        (await trustStoreStates(authority.pem, platform('linux'), process.env, home)).find(
          ({ store }) => store === 'NSS',
        )?.state;
      certutil('-A', '-t', 'C,,', '-n', 'Corporate', '-i', path.join(scratch, 'corp.pem'));
      expect(await state()).toBe('absent');
      certutil('-A', '-t', 'C,,', '-n', 'Postern CA', '-i', path.join(scratch, 'ca.pem'));
      expect(await state()).toBe('trusted');
      const profile = path.join(home, '.mozilla/firefox/abcd.default');
      fs.cpSync(database, profile, { recursive: true });
      fs.mkdirSync(path.join(home, '.mozilla/firefox/no-profile'));
      const firefox = (await trustStoreStates(authority.pem, platform('linux'), process.env, home)).filter(
        ({ store }) => store === 'Firefox profile',
      );
      expect(firefox).toMatchObject([{ state: 'trusted', readBy: 'Firefox, abcd.default' }]);
    },
  );

  test('Java answers where there is one, and is not mentioned where there is none', async () => {
    const java = async (env: NodeJS.ProcessEnv) =>
      (await trustStoreStates(authority.pem, platform('linux'), env, scratch)).filter(
        ({ store }) => store === 'Java cacerts',
      );
    expect(await java({ PATH: scratch })).toEqual([]);
    const here = await java(process.env);
    // Unknown where a busy machine's JVM takes longer than doctor waits.
    for (const { state } of here) expect(['absent', 'unknown']).toContain(state);
  });
});

/** Output of a program, both streams; asynchronous, since the server it asks lives in this process. */
function runProgram(
  program: string,
  args: string[],
  env: Record<string, string | undefined>,
): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, { env: { ...process.env, ...env }, timeout: 30_000 }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}

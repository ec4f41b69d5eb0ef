import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../../../agent/src/intercept/certificates/create-authority.ts';
import {
  authorityFiles,
  type DeviceAuthorityOptions,
  openDeviceAuthority,
  renewDeviceAuthority,
} from '../../../agent/src/intercept/certificates/device-authority.ts';
import {
  CertificateError,
  type CertificateErrorCode,
} from '../../../agent/src/intercept/certificates/errors.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 12);
const DAY_MS = 86_400_000;
let directory: string;
let options: DeviceAuthorityOptions;

beforeEach(() => {
  directory = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'postern-ca-')), 'home');
  options = {
    directory,
    permittedDomains: ['api.openai.com', '*.openai.azure.com'],
    deviceName: "Ada's laptop",
    now: () => NOW_MS,
  };
});
afterEach(() => fs.rmSync(path.dirname(directory), { recursive: true, force: true }));

const mode = (file: string) => fs.statSync(file).mode & 0o777;

function failure(run: () => unknown): CertificateError {
  try {
    run();
  } catch (error) {
    if (error instanceof CertificateError) return error;
    throw error;
  }
  throw new Error('it succeeded');
}

describe('first start', () => {
  it('makes root, intermediate and the key of the intermediate alone', () => {
    const authority = openDeviceAuthority(options);
    expect(authority.source).toBe('created');
    expect(fs.readdirSync(directory).sort()).toEqual([
      'ca-intermediate.key',
      'ca-intermediate.pem',
      'ca.pem',
    ]);
    const root = new X509Certificate(fs.readFileSync(authority.rootFile));
    const intermediate = new X509Certificate(fs.readFileSync(authorityFiles(directory).intermediate));
    expect(root.ca && intermediate.ca).toBe(true);
    expect(intermediate.verify(root.publicKey)).toBe(true);
    expect(root.subject).toMatch(/^O=Postern\nCN=Postern root Adas laptop [0-9a-f]{8}$/);
    const keys = fs
      .readdirSync(directory)
      .map((name) => fs.readFileSync(path.join(directory, name), 'utf8'))
      .filter((text) => text.includes('PRIVATE KEY'));
    expect(keys).toHaveLength(1);
    expect(intermediate.checkPrivateKey(createPrivateKey(keys[0]!))).toBe(true);
    expect(root.checkPrivateKey(createPrivateKey(keys[0]!))).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('lets nobody else read the key, whatever the umask', () => {
    const before = process.umask(0);
    try {
      openDeviceAuthority(options);
    } finally {
      process.umask(before);
    }
    expect([mode(directory), mode(authorityFiles(directory).key)]).toEqual([0o700, 0o600]);
    expect(mode(authorityFiles(directory).root)).toBe(0o644);
  });

  it('refuses to make an authority for nothing', () => {
    const error = failure(() => openDeviceAuthority({ ...options, permittedDomains: ['*.com', '10.0.0.1'] }));
    expect(error.code).toBe('no-domains');
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  it('says what is wrong with a directory that is a file', () => {
    fs.writeFileSync(directory, '');
    expect(failure(() => openDeviceAuthority(options))).toMatchObject({
      code: 'write-failed',
      file: directory,
    });
  });

  it('leaves no part of a file behind when it can not write', () => {
    fs.mkdirSync(authorityFiles(directory).intermediate, { recursive: true });
    // A directory in the place of a file: the rename onto it fails.
    expect(failure(() => renewDeviceAuthority(options)).code).toBe('write-failed');
    expect(fs.readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('names each device and each authority apart, in 64 characters at most', () => {
    const names = [0, 1].map(() => {
      const { rootPem } = createAuthority({
        permittedDomains: ['openai.com'],
        deviceName: `${'é'.repeat(90)}\n/CN=bank`,
        nowMs: NOW_MS,
      });
      return /CN=(.*)$/.exec(new X509Certificate(rootPem).subject)?.[1] ?? '';
    });
    expect(names[0]).not.toBe(names[1]);
    for (const name of names) expect([...name].length).toBeLessThanOrEqual(64);
  });
});

describe('later starts', () => {
  it('load the same authority and keep its constraints', () => {
    const created = openDeviceAuthority(options);
    const loaded = openDeviceAuthority({ ...options, permittedDomains: ['other.example.com'] });
    expect(loaded).toMatchObject({ source: 'loaded', rootPem: created.rootPem });
    expect(loaded.permittedDomains).toEqual(['api.openai.com', 'openai.azure.com']);
    expect(
      loaded.missingDomains(['api.openai.com', 'eu.api.openai.com', 'other.example.com', 'openai.com']),
    ).toEqual(['other.example.com', 'openai.com']);
  });

  it.each([
    ['api.openai.com', true],
    ['eu.api.openai.com', true],
    ['acme.openai.azure.com', true],
    ['openai.com', false],
    ['evilapi.openai.com.evil.test', false],
    ['127.0.0.1', false],
    ['::1', false],
    ['API.OPENAI.COM', false],
    ['a b.api.openai.com', false],
    ['*.api.openai.com', false],
  ])('covers %s: %s', (host, expected) => {
    expect(openDeviceAuthority(options).covers(host)).toBe(expected);
  });

  const files = () => authorityFiles(directory);
  const replace = (file: string, text: string) => fs.writeFileSync(file, text);
  const other = createAuthority({ permittedDomains: ['openai.com'], deviceName: 'x', nowMs: NOW_MS });
  const damages: readonly [string, CertificateErrorCode, keyof ReturnType<typeof files>, () => void][] = [
    ['no root', 'missing-file', 'root', () => fs.rmSync(files().root)],
    ['no intermediate', 'missing-file', 'intermediate', () => fs.rmSync(files().intermediate)],
    ['no key', 'missing-file', 'key', () => fs.rmSync(files().key)],
    ['an empty root', 'corrupt-file', 'root', () => replace(files().root, '')],
    ['a cut intermediate', 'corrupt-file', 'intermediate', () => replace(files().intermediate, CUT)],
    ['a key of noise', 'corrupt-file', 'key', () => replace(files().key, 'noise')],
    ["another's root", 'mismatch', 'intermediate', () => replace(files().root, other.rootPem)],
    ["another's key", 'mismatch', 'key', () => replace(files().key, other.intermediateKeyPem)],
    [
      "another's intermediate",
      'mismatch',
      'intermediate',
      () => replace(files().intermediate, other.intermediatePem),
    ],
  ];
  const CUT = other.intermediatePem.replace(/.{200}\n-----END/s, '\n-----END');
  it.each(damages)('refuse %s as %s', (_, code, which, damage) => {
    openDeviceAuthority(options);
    damage();
    const error = failure(() => openDeviceAuthority(options));
    expect(error).toMatchObject({ code, file: files()[which] });
    expect(error.mend).toContain('postern trust renew');
    // And the mend works.
    renewDeviceAuthority(options);
    expect(openDeviceAuthority(options).source).toBe('loaded');
  });

  it.skipIf(process.platform === 'win32')(
    'refuse a key that others can read, and a link in its place',
    () => {
      openDeviceAuthority(options);
      fs.chmodSync(files().key, 0o640);
      expect(failure(() => openDeviceAuthority(options))).toMatchObject({
        code: 'key-exposed',
        file: files().key,
      });
      const elsewhere = path.join(path.dirname(directory), 'elsewhere');
      fs.renameSync(files().key, elsewhere);
      fs.symlinkSync(elsewhere, files().key);
      expect(failure(() => openDeviceAuthority(options))).toMatchObject({
        code: 'unsafe-file',
        file: files().key,
      });
    },
  );

  it.skipIf(process.platform === 'win32')(
    'close a directory that was open, and refuse certificates that others can change',
    () => {
      openDeviceAuthority(options);
      fs.chmodSync(directory, 0o755);
      openDeviceAuthority(options);
      expect(mode(directory)).toBe(0o700);
      fs.chmodSync(files().root, 0o666);
      expect(failure(() => openDeviceAuthority(options))).toMatchObject({
        code: 'unsafe-file',
        file: files().root,
      });
    },
  );

  it('notice the end: due 45 days before, refused after, refused before the beginning', () => {
    const created = openDeviceAuthority(options);
    expect(created.notAfterMs).toBe(NOW_MS + 730 * DAY_MS);
    expect(created.renewalDue()).toBe(false);
    const at = (ms: number) => openDeviceAuthority({ ...options, now: () => ms });
    expect(at(created.notAfterMs - 44 * DAY_MS).renewalDue()).toBe(true);
    expect(failure(() => at(created.notAfterMs)).code).toBe('expired');
    expect(failure(() => at(NOW_MS - 3 * DAY_MS)).code).toBe('not-yet-valid');
  });
});

describe('renewal', () => {
  it('makes a new root, intermediate and key, and keeps the old root beside them', () => {
    const before = openDeviceAuthority(options);
    const oldKey = fs.readFileSync(authorityFiles(directory).key, 'utf8');
    const { authority, previousRootFile } = renewDeviceAuthority({
      ...options,
      permittedDomains: ['llm.acme.test'],
    });
    expect(authority.permittedDomains).toEqual(['llm.acme.test']);
    expect(authority.rootPem).not.toBe(before.rootPem);
    expect(fs.readFileSync(previousRootFile!, 'utf8')).toBe(before.rootPem);
    for (const name of fs.readdirSync(directory)) {
      expect(fs.readFileSync(path.join(directory, name), 'utf8')).not.toContain(oldKey);
    }
    expect(openDeviceAuthority(options).rootPem).toBe(authority.rootPem);
  });
});

describe("an organisation's intermediate", () => {
  const write = (name: string, text: string, fileMode = 0o600) => {
    fs.mkdirSync(directory, { recursive: true });
    const file = path.join(directory, name);
    fs.writeFileSync(file, text, { mode: fileMode });
    return file;
  };
  const made = createAuthority({ permittedDomains: ['api.openai.com'], deviceName: 'Acme', nowMs: NOW_MS });
  const provided = (
    change: { root?: string; intermediate?: string; key?: string; keyMode?: number } = {},
  ) => ({
    ...options,
    directory: path.join(directory, 'unused'),
    organisation: {
      rootFile: write('org-root.pem', change.root ?? made.rootPem),
      intermediateFile: write('org.pem', change.intermediate ?? made.intermediatePem),
      intermediateKeyFile: write('org.key', change.key ?? made.intermediateKeyPem, change.keyMode ?? 0o600),
    },
  });

  it('is used as it is, and nothing is written', async () => {
    const authority = openDeviceAuthority(provided());
    expect(authority).toMatchObject({ source: 'organisation', permittedDomains: ['api.openai.com'] });
    expect(authority.rootPem).toBe(made.rootPem);
    const { cert } = await authority.forHost('api.openai.com');
    expect(new X509Certificate(cert).verify(new X509Certificate(made.intermediatePem).publicKey)).toBe(true);
    expect(fs.existsSync(path.join(directory, 'unused'))).toBe(false);
  });

  const weakKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  it.each([
    ['a foreign root', { root: other().rootPem }, 'mismatch'],
    ['a foreign key', { key: other().intermediateKeyPem }, 'mismatch'],
    ['a weak key', { key: weakKey.export({ type: 'pkcs8', format: 'pem' }).toString() }, 'corrupt-file'],
    ['an exposed key', { keyMode: 0o644 }, 'key-exposed'],
    ['no certificate', { intermediate: '' }, 'corrupt-file'],
  ] as const)('is refused with %s', (_, change, code) => {
    const error = failure(() => openDeviceAuthority(provided(change)));
    expect(error.code).toBe(code);
  });

  function other() {
    return createAuthority({ permittedDomains: ['openai.com'], deviceName: 'other', nowMs: NOW_MS });
  }
});

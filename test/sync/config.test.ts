import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../agent/src/sync/config.ts';
import { ConfigError, describeProblem } from '../../agent/src/sync/config-error.ts';
import { JsonSyntaxError, locateJson, positionAt } from '../../agent/src/sync/json-locator.ts';
import { nearestName } from '../../agent/src/sync/nearest-name.ts';

let scratch: string;
let own: string;
let managed: string;
beforeEach(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'pstn-'));
  own = path.join(scratch, 'own.json');
  managed = path.join(scratch, 'managed.json');
});
afterEach(() => fs.rmSync(scratch, { recursive: true, force: true }));

const load = (): ReturnType<typeof loadConfig> =>
  loadConfig({ explicitPath: own, managedPath: managed, env: {} });
const problemsOf = (text: string | Uint8Array): readonly string[] => {
  fs.writeFileSync(own, text);
  try {
    load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(
      (each) => `${describeProblem(each).replace(`${own}:`, '')}${each.mend ? ` | ${each.mend}` : ''}`,
    );
  }
  return [];
};

test('without any file: the defaults', () => {
  const { config, files } = loadConfig({ managedPath: managed, env: {} });
  expect(config).toEqual({
    listen: { host: '127.0.0.1', port: 7843 },
    policy: {},
    upstream: { allowPrivateTargets: false, systemStore: true },
    secrets: { store: 'keychain-or-file' },
    localApi: {},
    telemetry: {
      headers: {},
      heartbeatSeconds: 60,
      metricsIntervalSeconds: 60,
      otlpProtocol: 'http/protobuf',
      sinks: [],
      worksCouncil: false,
    },
    tray: { allowPause: true, allowVirtualKeyEntry: false },
  });
  expect(files).toEqual([{ file: managed, kind: 'managed', present: false }]);
});

describe('errors say where and how to mend it', () => {
  test('a sink that is named twice', () => {
    const sink = { type: 'file', path: '/var/log/a.log' };
    const text = JSON.stringify({ telemetry: { sinks: [sink, sink] } }, undefined, 2);
    expect(problemsOf(text)).toEqual([
      '10:9: telemetry.sinks.1.path: is the same file as telemetry.sinks.0 | Name each file once; for another format take another file.',
    ]);
  });

  test.each<[string, string, readonly string[]]>([
    ['unknown key', '{\n  "upstreem": {}\n}', ['2:3: upstreem: unknown key | Did you mean "upstream"?']],
    [
      'unknown inner key',
      '{"upstream": {\n\t"extraCAFile": "x"}}',
      ['2:2: upstream.extraCAFile: unknown key | Did you mean "extraCaFile"?'],
    ],
    [
      'far from any',
      '{"zzzzzz":1}',
      [
        '1:2: zzzzzz: unknown key | Known here: listen, gateway, policy, upstream, identity, tenant, secrets, telemetry, localApi, tray.',
      ],
    ],
    ['wrong type', '{"listen":{"port":"80"}}', ['1:12: listen.port: must be a number']],
    ['out of range', '{"listen":{"port":70000}}', ['1:12: listen.port: must be at most 65535']],
    [
      'open to the network',
      '{"listen":{"host":"0.0.0.0"}}',
      ['1:12: listen.host: must be a loopback address: 127.0.0.1, ::1 or localhost'],
    ],
    ['not an object', '[]', ['1:1: must be an object']],
    [
      'not one of',
      '{"gateway":{"kind":"x","baseUrl":"https://a.example"}}',
      ['1:13: gateway.kind: must be one of bifrost, litellm, portkey, generic'],
    ],
    [
      'a gateway over plain HTTP',
      '{"gateway":{"kind":"bifrost","baseUrl":"http://ai.acme.com"}}',
      [
        '1:30: gateway.baseUrl: must be an https URL; plain http only for a gateway on this machine: http://127.0.0.1:8787',
      ],
    ],
    [
      'two ways to name base URLs',
      '{"gateway":{"kind":"bifrost","baseUrl":"https://a.example","baseUrls":["https://b.example"]}}',
      ['1:60: gateway.baseUrls: give baseUrl or baseUrls, not both'],
    ],
    ['missing', '{"gateway":{"kind":"bifrost"}}', ['1:2: gateway.baseUrl: "gateway.baseUrl" is missing']],
    [
      'a proxy that is none',
      '{"upstream":{"proxy":"10.0.0.1:3128"}}',
      ['1:14: upstream.proxy: must be a proxy URL such as http://user:pass@10.0.0.1:3128'],
    ],
    [
      'two at once',
      '{"a":1,\n"b":2}',
      [
        '1:2: a: unknown key | Known here: listen, gateway, policy, upstream, identity, tenant, secrets, telemetry, localApi, tray.',
        '2:1: b: unknown key | Known here: listen, gateway, policy, upstream, identity, tenant, secrets, telemetry, localApi, tray.',
      ],
    ],
    ['a comma too many', '{"listen":{},\n}', ['2:1: not JSON: expected a key in double quotes, found "}"']],
    ['a key twice', '{"listen":{},"listen":{}}', ['1:14: not JSON: the key "listen" appears twice']],
    [
      'cut off',
      '{"listen":{',
      ['1:12: not JSON: expected a key in double quotes, found the end of the file'],
    ],
    [
      'empty',
      '',
      [
        '1:1: not JSON: expected a value, found the end of the file | The file is empty; write {} for all defaults.',
      ],
    ],
    ['two documents', '{} {}', ['1:4: not JSON: expected the end of the file, found "{"']],
  ])('%s', (_name, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  test('a byte order mark is fine, UTF-16 is said to be', () => {
    expect(problemsOf('\ufeff{}')).toEqual([]);
    expect(problemsOf(Buffer.from([0xff, 0xfe, 0x7b, 0x00]))).toEqual([
      ` is not UTF-8 text | Save it as UTF-8.`,
    ]);
  });

  test('a value with a password is never repeated', () => {
    expect(problemsOf('{"upstream":{"proxy":"socks5://u:hunter2@h"}}').join()).not.toContain('hunter2');
  });

  test('a missing --config is an error, a missing managed file is not', () => {
    expect(() => load()).toThrow('there is no such file');
    expect(() => loadConfig({ managedPath: managed, env: { POSTERN_CONFIG: '/nowhere.json' } })).toThrow(
      '/nowhere.json',
    );
  });

  test('problems of both files are told at once', () => {
    fs.writeFileSync(managed, '{"x":1}');
    expect(problemsOf('{"y":1}')).toHaveLength(2);
  });
});

describe('two files', () => {
  test('managed values win, one by one, and it is said', () => {
    fs.writeFileSync(managed, JSON.stringify({ listen: { port: 1 }, upstream: { systemStore: false } }));
    fs.writeFileSync(
      own,
      '{"listen":{"port":2,"host":"::1"},\n"upstream":{"systemStore":true,"extraCaFile":"corp.pem"}}',
    );
    const { config, notices, origins } = load();
    expect(config.listen).toEqual({ port: 1, host: '::1' });
    expect(config.upstream).toEqual({
      allowPrivateTargets: false,
      systemStore: false,
      extraCaFile: path.join(scratch, 'corp.pem'),
    });
    expect(notices.map(({ code, field, line }) => [code, field, line])).toEqual([
      ['managed-value-kept', 'listen.port', 1],
      ['managed-value-kept', 'upstream.systemStore', 2],
    ]);
    expect(Object.fromEntries(origins)).toEqual({
      'listen.port': 'managed',
      'upstream.systemStore': 'managed',
      'listen.host': 'own',
      'upstream.extraCaFile': 'own',
    });
  });

  test("an admin's token counts only where device management sets it", () => {
    const adminTokenSha256 = 'ab'.repeat(32);
    fs.writeFileSync(own, JSON.stringify({ localApi: { adminTokenSha256 }, listen: { port: 1 } }));
    const { config, notices } = load();
    expect(config).toMatchObject({ localApi: {}, listen: { port: 1 } });
    expect(config.localApi.adminTokenSha256).toBeUndefined();
    expect(notices.map(({ code, field }) => [code, field])).toEqual([
      ['managed-only-ignored', 'localApi.adminTokenSha256'],
    ]);
    fs.writeFileSync(managed, JSON.stringify({ localApi: { adminTokenSha256 } }));
    expect(load().config.localApi.adminTokenSha256).toBe(adminTokenSha256);
    fs.writeFileSync(managed, JSON.stringify({ localApi: { adminTokenSha256: 'short' } }));
    expect(load).toThrow(/localApi\.adminTokenSha256: .*64 hex digits/);
  });

  test("a company's gateway is never half somebody else's", () => {
    fs.writeFileSync(
      managed,
      JSON.stringify({ gateway: { kind: 'bifrost', baseUrl: 'https://ai.acme.com' } }),
    );
    fs.writeFileSync(
      own,
      JSON.stringify({ gateway: { kind: 'litellm', baseUrl: 'https://e.example', virtualKey: 'k' } }),
    );
    const { config, notices } = load();
    expect(config.gateway).toMatchObject({ kind: 'bifrost', baseUrl: 'https://ai.acme.com' });
    expect(notices.map(({ code }) => code).sort()).toEqual(['managed-value-kept']);
  });

  test('policy comes over https, or from this machine', () => {
    const source = (field: object) =>
      fs.writeFileSync(own, JSON.stringify({ policy: { source: { url: 'https://p.example/', ...field } } }));
    for (const field of [{ url: 'http://p.example/' }, { hintUrl: 'http://p.example/hint' }]) {
      source(field);
      expect(load).toThrow(/policy\.source\.(url|hintUrl): must be an https URL/);
    }
    source({ url: 'http://127.0.0.1:8080/', hintUrl: 'http://localhost:8080/hint' });
    expect(load).not.toThrow();
  });

  test.runIf(process.platform !== 'win32')('a managed file that anybody can write is reported', () => {
    fs.writeFileSync(managed, '{}');
    fs.chmodSync(managed, 0o666);
    expect(loadConfig({ managedPath: managed, env: {} }).notices.map(({ code }) => code)).toEqual([
      'managed-file-writable',
    ]);
  });
});

describe('locateJson', () => {
  test('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(undefined, 2), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), undefined, indent);
        expect(locateJson(text).value).toEqual(JSON.parse(text));
      }),
    );
  });

  test('refuses what JSON.parse refuses, and always with an offset inside the text', () => {
    const broken = fc.tuple(
      fc.json({ maxDepth: 2 }),
      fc.nat(),
      fc.constantFrom('', ',', '}', '"', '\\', '\t', '0', 'e'),
    );
    fc.assert(
      fc.property(broken, ([json, at, inserted]) => {
        const cut = at % (json.length + 1);
        const text = json.slice(0, cut) + inserted + json.slice(cut + 1);
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          const error = caught(() => locateJson(text));
          expect(error).toBeInstanceOf(JsonSyntaxError);
          expect((error as JsonSyntaxError).offset).toBeLessThanOrEqual(text.length);
          return;
        }
        const error = caught(() => expect(locateJson(text).value).toEqual(expected));
        if (error instanceof JsonSyntaxError) expect(error.message).toContain('appears twice');
        else if (error) throw error;
      }),
    );
  });

  test('depth is bounded, lines are counted', () => {
    expect(() => locateJson('['.repeat(100_000))).toThrow('nested too deeply');
    expect(positionAt('a\nbc\n', 3)).toEqual({ line: 2, column: 2 });
  });
});

const caught = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
};

test.each([
  ['upstreem', 'upstream'],
  ['LISTEN', 'listen'],
  ['prot', 'port'],
  ['completely', undefined],
])('nearest to %s is %s', (written, expected) => {
  expect(nearestName(written, ['upstream', 'listen', 'port', 'gateway'])).toBe(expected);
});

import { describe, expect, it } from 'vitest';
import { parsePattern } from '../../../agent/src/guard/engine/pattern.ts';
import { createSecretsDetector } from '../../../agent/src/guard/secrets/build.ts';
import { LEFT } from '../../../agent/src/guard/secrets/builders.ts';
import { secretsCatalogue } from '../../../agent/src/guard/secrets/catalogue.ts';
import { sampleOf } from '../../kit/pattern-sample.ts';
import { createRandom, ofShape } from '../../kit/random-text.ts';
import { CREDENTIAL_SHAPES } from './shapes.ts';

const detector = createSecretsDetector();

/** Rules whose secrets have an inner structure that a pattern alone doesn't tell: their shapes are written out. */
const STRUCTURED = new Set([
  'json-web-token',
  'json-web-encryption',
  'basic-authorization',
  'docker-config-auth',
  'atlassian-data-center-token',
  'kubernetes-secret',
]);

function withoutMarks(shape: string): { text: string; start: number; end: number } {
  const start = shape.indexOf('«');
  const text = shape.replace('«', '');
  const end = text.indexOf('»');
  return start < 0 ? { text, start: 0, end: text.length } : { text: text.replace('»', ''), start, end };
}

describe('catalogue', () => {
  it('holds at least 300 formats, each with its own id, a plain label and a source', () => {
    expect(secretsCatalogue.length).toBeGreaterThan(300);
    expect(new Set(secretsCatalogue.map((rule) => rule.id)).size).toBe(secretsCatalogue.length);
    for (const rule of secretsCatalogue) {
      expect(rule.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
      expect(rule.label).toMatch(/^[\w1].{2,48}$/);
      expect(rule.source).toMatch(/^https:\/\//);
    }
  });

  it.each(
    Object.entries(CREDENTIAL_SHAPES).flatMap(([id, shapes]) => shapes.map((shape) => [id, shape] as const)),
  )('%s: %s', (id, shape) => {
    for (let seed = 1; seed <= 12; seed++) {
      const { text, start, end } = withoutMarks(ofShape(shape, createRandom(seed)));
      const matches = detector.scan(`see ${text} .`).filter((match) => match.kind === id);
      expect(matches, text).toMatchObject([{ start: start + 4, end: end + 4 }]);
    }
  });

  it.each(secretsCatalogue.map((rule) => [rule.id, rule] as const))(
    '%s finds what its pattern describes',
    (id, rule) => {
      if (STRUCTURED.has(id) || CREDENTIAL_SHAPES[id] !== undefined) return;
      let found = 0;
      for (let seed = 0; seed < 40; seed++) {
        const text = `${sampleOf(rule, createRandom(seed))} end`;
        if (detector.scan(`value: ${text}`).some((match) => match.kind === id)) found++;
      }
      expect(found).toBeGreaterThan(8);
    },
  );

  it.each(secretsCatalogue.map((rule) => [rule.id, rule] as const))(
    '%s starts every match with a keyword',
    (_, rule) => {
      const starts = Array.from({ length: 40 }, (_, seed) => {
        const body = sampleOf({ ...rule, lead: undefined } as never, createRandom(seed)).toLowerCase();
        return rule.keywords.some((keyword) => body.startsWith(keyword.toLowerCase()));
      });
      // Only names may be spelled in a mixture of ways (`api-access_key`) that no keyword foresees.
      if (rule.pattern.startsWith(LEFT)) expect(starts).not.toContain(false);
      else expect(starts).toContain(true);
    },
  );

  it.each(secretsCatalogue.map((rule) => [rule.id, rule] as const))(
    '%s begins at a word boundary unless its text comes later',
    (_, rule) => {
      const { hasCapture } = parsePattern(rule.pattern);
      if (hasCapture || rule.lead !== undefined) return;
      for (let seed = 1; seed <= 10; seed++) {
        const sample = sampleOf(rule, createRandom(seed));
        if (!/^[A-Za-z0-9_]/.test(sample)) continue;
        expect(
          detector.scan(`x${sample} `).filter((match) => match.kind === rule.id && match.start === 1),
        ).toEqual([]);
      }
    },
  );
});

describe('not findings', () => {
  const random = createRandom(9);
  it.each([
    ['the documented AWS example', `AKIA${'IOSFODNN7'}EXAMPLE`],
    ['the documented AWS secret', `aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY${'EXAMPLE'}KEY`],
    ['repeated characters', `ghp_${'x'.repeat(36)}`],
    ['an alphabet', `sk-proj-${'abcdefghijklmnopqrstuvwxyz'.repeat(2)}`],
    ['digits in order', `ghp_${'1234567890'.repeat(4).slice(0, 36)}`],
    ['a template', `password = "$${'{DB_PASSWORD}'}"`],
    ['angle brackets', 'api_key: <your-api-key-goes-here>'],
    ['an environment lookup', 'password = process.env.DB_PASSWORD_2024'],
    ['a call', 'token = getToken2("production")'],
    ['a compose file', 'postgres://postgres:postgres@localhost:5432/app'],
    ['a placeholder URL', 'postgres://user:password@host/db'],
    ['a URL with a port', 'https://example.com:8443/path@v2'],
    ['a git hash', `commit ${ofShape('{h40}', random)}`],
    ['a digest', `sha256:${ofShape('{h64}', random)}`],
    ['a UUID', ofShape('{uuid}', random)],
    ['an integrity hash', `"integrity": "sha512-${ofShape('{b86}', random)}=="`],
    ['base64 image data', `data:image/png;base64,${ofShape('{b2000}', random)}`],
    ['a token inside a word', `x${ofShape('AKIA{U16}', random)}`],
    ['one character too few', ofShape('AKIA{U15}', random)],
    ['one character too many', ofShape('AKIA{U17}', random)],
    [
      'prose',
      'The password is required. Please reset your password: see the secret rotation policy for tokens.',
    ],
    [
      'a begin line in prose',
      '-----BEGIN RSA PRIVATE KEY----- is how such a file starts, and you should never share it with anyone else',
    ],
    ['an abridged key', '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----'],
    [
      'a public key',
      `-----BEGIN PUBLIC KEY-----\n${ofShape('{b64}\n{b64}', random)}\n-----END PUBLIC KEY-----`,
    ],
    [
      'a certificate',
      `-----BEGIN CERTIFICATE-----\n${ofShape('{b64}\n{b64}', random)}\n-----END CERTIFICATE-----`,
    ],
    ['dots that are no token', 'eyJust.a.word and eyJ.eyJ.eyJ'],
    ['a CSS class list', 'class="btn-primary secret-toggle token-list api-key-input"'],
  ])('%s', (_, text) => {
    expect(detector.scan(text)).toEqual([]);
  });
});

describe('structured tokens', () => {
  const encode = (value: string) => Buffer.from(value).toString('base64url');
  const random = createRandom(21);

  it('a JSON Web Token by its header, not by its looks', () => {
    const claims = encode(JSON.stringify({ sub: ofShape('{A20}', random) }));
    const token = `${encode('{"alg":"HS256","typ":"JWT"}')}.${claims}.${ofShape('{u43}', random)}`;
    expect(detector.scan(`Authorization: Bearer ${token}`)).toMatchObject([
      { kind: 'json-web-token', start: 22, end: 22 + token.length },
    ]);
    expect(detector.scan(`${encode('{"name":"value"}')}.${claims}.${ofShape('{u43}', random)}`)).toEqual([]);
  });

  it('basic credentials by what they decode to', () => {
    const credentials = Buffer.from(`svc:${ofShape('{A16}', random)}`).toString('base64');
    expect(detector.scan(`Authorization: Basic ${credentials}`)).toMatchObject([
      { kind: 'basic-authorization', confidence: 'high' },
    ]);
    expect(detector.scan('Basic principles of accounting')).toEqual([]);
    expect(detector.scan(`{"auths":{"ghcr.io":{"auth":"${credentials}"}}}`)).toMatchObject([
      { kind: 'docker-config-auth' },
    ]);
  });

  it.each([
    'PRIVATE KEY',
    'RSA PRIVATE KEY',
    'EC PRIVATE KEY',
    'OPENSSH PRIVATE KEY',
    'ENCRYPTED PRIVATE KEY',
    'PGP PRIVATE KEY BLOCK',
  ])('%s, in every dress', (label) => {
    const lines = ofShape('{b64} {b64} {b64} {b40}', random).split(' ');
    for (const joint of ['\n', '\r\n', '\\n', '\\\\n', '\n    ', '",\n"']) {
      const key = [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join(joint);
      const matches = detector.scan(`{"key": "${key}"}`);
      expect(matches, joint).toMatchObject([{ start: 9, end: 9 + key.length }]);
      expect(matches[0]?.severity).toBe(label.startsWith('ENC') ? 'medium' : 'critical');
    }
    const cutOff = [`-----BEGIN ${label}-----`, ...lines].join('\n');
    expect(detector.scan(cutOff)).toMatchObject([{ start: 0, end: cutOff.length }]);
  });

  it('a GitHub token whose checksum is right, even where it looks like an example', () => {
    // From GitHub's own description of the format; revoked before it was published.
    const published = `ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ${'0mLq17'}`;
    expect(detector.scan(published)).toMatchObject([{ kind: 'github-personal-token', confidence: 'high' }]);
  });
});

describe('one secret, one match', () => {
  const random = createRandom(31);
  it.each([
    ['password = "ghp_{A36}"', 'github-personal-token'],
    ['OPENAI_API_KEY=sk-proj-{u80}', 'openai-project-key'],
    ['api_key: "AIza{u35}"', 'google-api-key'],
    ['Authorization: Bearer sk-ant-api03-{u93}AA', 'anthropic-api-key'],
    ['SECRET_TOKEN=xoxb-{d12}-{d13}-{A24}', 'slack-bot-token'],
    ['password=postgres://app:{A16}@db/x', 'postgres-password'],
    ['token: sk-lf-{uuid}', 'langfuse-secret-key'],
  ])('%s', (shape, kind) => {
    const matches = detector.scan(ofShape(shape, random));
    expect(matches.map((match) => match.kind)).toEqual([kind]);
  });

  it('an AWS key pair is two secrets', () => {
    const text = ofShape('AKIA{U16},{A38}9z', random);
    expect(detector.scan(text).map((match) => match.kind)).toEqual([
      'aws-access-key-id',
      'aws-secret-access-key-pair',
    ]);
  });
});

describe('hostile text', () => {
  it.each(secretsCatalogue.map((rule) => [rule.id, rule] as const))(
    '%s is scanned, and no two matches overlap',
    (_, rule) => {
      const sample = sampleOf(rule, createRandom(3));
      const keyword = rule.keywords[0] as string;
      const units = [
        keyword,
        `${keyword}=`,
        `${keyword} `,
        sample.slice(0, -1),
        sample.slice(0, sample.length / 2),
        `${keyword}${'a'.repeat(200)}`,
      ];
      // 120 KB of the worst for this rule: a backtracking pattern would take minutes and run into the test's time limit.
      for (const unit of units) {
        const matches = detector.scan(unit.repeat(Math.ceil(20_000 / unit.length)));
        const ends = matches.map(({ end }) => end);
        expect(matches.slice(1).filter(({ start }, at) => start < (ends[at] as number))).toEqual([]);
      }
    },
  );
});

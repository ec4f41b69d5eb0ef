/** Texts with and without credentials, made from the documented formats with a seed. */
import { CREDENTIAL_SHAPES } from '../../guard/secrets/shapes.ts';
import { createRandom, ofShape, type Random } from '../../kit/random-text.ts';
import type { Labelled } from './harness.ts';

/** Where people leave a key: `¤` is the key, as it stands or inside a string. */
const CONTEXTS = [
  'export SERVICE_KEY=¤\n',
  'const client = new Client({ apiKey: "¤" });',
  '{"auth": {"token": "¤"}, "retries": 3}',
  'credentials:\n  value: ¤\n  region: eu\n',
  "curl -H 'X-Token: ¤' https://api.acme.test/v1/items",
  'Why does this fail with 401? I use ¤ and nothing else.',
  '{"role":"user","content":"my key is \\"¤\\",\\nplease check"}',
  '2026-11-24T10:00:00Z WARN rejected key ¤ (expired)',
];
const BY_NAME =
  /^(?:assigned|plain|defined|named|generic|secret-option|password|curl|sql|command|powershell|session)/;
const IN_CONNECTIONS = /-password$|azure-storage-account-key|azure-shared-access-key|docker-config-auth/;
const PRIVATE_KEYS = /private-key|jwk|nkey|age-secret/;

function categoryOf(kind: string): string {
  if (BY_NAME.test(kind)) return 'passwords and keys by name alone';
  if (PRIVATE_KEYS.test(kind)) return 'private keys';
  return IN_CONNECTIONS.test(kind) ? 'connections and configuration' : 'vendors’ formats';
}

const ARMOUR = [
  'PRIVATE KEY',
  'RSA PRIVATE KEY',
  'EC PRIVATE KEY',
  'OPENSSH PRIVATE KEY',
  'PGP PRIVATE KEY BLOCK',
];
const JOINTS = ['\n', '\\n', '\r\n', '\n    ', '\n2026-04-26 12:36:01 ', '\n * ', '\\n" +\n  "'];

export function positives(): Labelled[] {
  const random = createRandom(80);
  const formats = Object.entries(CREDENTIAL_SHAPES).flatMap(([kind, shapes]) =>
    shapes.flatMap((shape) => {
      // Two credentials in one text; the label knows one.
      if (kind.endsWith('-pair')) return [];
      const contexts = shape.includes('«') ? ['¤', 'See below.\n¤\nThanks!'] : CONTEXTS;
      return contexts.map((context) => placed(kind, shape, context, random));
    }),
  );
  const keys = ARMOUR.flatMap((label) =>
    JOINTS.map((joint): Labelled => {
      const lines = ofShape('{b64} {b64} {b64} {b64} {b40}', random).split(' ');
      const key = [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join(joint);
      return {
        text: `key: ${key}\n`,
        expected: [{ start: 5, end: 5 + key.length }],
        category: 'private keys',
      };
    }),
  );
  return [...formats, ...keys];
}

function placed(kind: string, shape: string, context: string, random: Random): Labelled {
  const marked = context.replace('¤', () => ofShape(shape, random));
  const hasMarks = shape.includes('«');
  const text = marked.replace(/[«»]/g, '');
  const [before = '', after = ''] = context.split('¤');
  const start = hasMarks ? marked.indexOf('«') : before.length;
  const end = hasMarks ? marked.indexOf('»') - 1 : text.length - after.length;
  return { text, expected: [{ kind, start, end }], category: categoryOf(kind) };
}

/** What looks like a credential and is none. */
const NEAR_MISSES: Readonly<Record<string, readonly string[]>> = {
  'hashes and ids': [
    'commit {h40}\nAuthor: A. Person',
    'sha256:{h64}',
    '"integrity": "sha512-{b86}=="',
    'resolved "https://registry.npmjs.org/a/-/a-1.2.3.tgz#{h40}"',
    'ETag: "{h32}"',
    'id: {uuid}',
    'traceparent: 00-{h32}-{h16}-01',
    'etag = W/"{u27}"',
    'go.sum: github.com/a/b v1.2.3 h1:{b43}=',
    'checksum = "{h64}"',
    '{"requestId":"req_{A24}","model":"claude"}',
    'object 0x{h40} at 0x7fff{h8}',
  ],
  'near-misses of formats': [
    'AKIA{U15} AKIA{U17}',
    'xAKIA{U16}',
    'ghp{A36}',
    'sk-{l10}',
    'my_ghp_{A12}',
    'AIza{u20}',
    'xoxb-{d4}',
    'glpat-{u8}',
    'eyJhbGciOiJI.{u12}.{u10}',
    'postgres://localhost:5432/app_{l6}',
    '-----BEGIN PUBLIC KEY-----\n{b64}\n{b64}\n-----END PUBLIC KEY-----',
    '-----BEGIN CERTIFICATE-----\n{b64}\n{b64}\n-----END CERTIFICATE-----',
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b43} me@host',
  ],
  'examples and templates': [
    'OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    'api_key = "your-api-key-here-{l6}"',
    'password: <your-password-{d2}>',
    'password = "${' + 'DB_PASSWORD_{d2}}"',
    'token: {{ vault.token_{l4} }}',
    'aws_access_key_id = AKIA' + 'IOSFODNN7EXAMPLE',
    'DATABASE_URL=postgres://user:password@localhost/db{d2}',
    'password = os.environ["DB_PASSWORD_{d1}"]',
    'secret: !Ref AppSecret{d2}',
    'PASSWORD=changeme{d2}',
    'token=$(cat /run/secrets/token_{l4})',
  ],
  'ordinary code': [
    'const passwordInput{d1} = document.querySelector("#password-{d1}");',
    'if (token === tokens[{d1}]) return parseToken{d1}(token);',
    'passwordField.value = formState.password{d1};',
    'import { secretKey{d1} } from "./keys/v{d1}";',
    'key: "item-{d4}", secret: false, tokens: {d4}',
    'max_tokens: {d4}, token_count={d4}',
    'function a(b,c){return b.key=c.token||d(e{d2}),f[g("h{d2}")]}',
    '.token-{l6}{color:#{h6}} .secret-{l6}{width:{d2}px}',
    'password_hash = hashlib.sha256(password.encode("utf8")).hexdigest()',
    'type Secret{d1} = { apiKey: string; token: string }',
    'expect(login("user{d1}", "test")).toBe(true)',
    '//# sourceMappingURL=data:application/json;base64,{b400}',
    'background:url(data:image/png;base64,iVBORw0KGgo{b600})',
    'version: 1.{d2}.{d1}-beta.{d1}, port: {d4}, at: 2026-1{d1}-0{d1}',
  ],
  prose: [
    'The password must have at least {d2} characters and one of !@#$%^.',
    'Rotate the token every {d2} days; see section {d1}.{d1} of the secret policy.',
    'Pass the key to the driver, pass {d2} of {d2} tests, and the access key stays at reception.',
    'I forgot my password and the secret question was about room {d3}.',
    'Tokens: {d4} in, {d3} out. Authorization: granted by A. Person on 1{d1}/11.',
  ],
};
const ROUNDS = 25;

export function negatives(): Labelled[] {
  const random = createRandom(81);
  return Object.entries(NEAR_MISSES).flatMap(([category, shapes]) =>
    shapes.flatMap((shape) =>
      Array.from(
        { length: ROUNDS },
        (): Labelled => ({ text: ofShape(shape, random), expected: [], category }),
      ),
    ),
  );
}

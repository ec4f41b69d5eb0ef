export type PolicySourceErrorCode =
  | 'no-root'
  | 'unreachable'
  | 'timeout'
  | 'proxy-auth'
  | 'captive-portal'
  | 'forbidden'
  | 'not-found'
  | 'server-error'
  | 'truncated'
  | 'not-as-signed'
  | 'not-signed'
  | 'rolled-back'
  | 'expired'
  | 'wrong-clock'
  | 'too-large'
  | 'unknown-version'
  | 'no-policy'
  | 'disk';

/** Why nothing newer could be taken; the last good policy stays. `mend` says what a person can do. */
export class PolicySourceError extends Error {
  override readonly name = 'PolicySourceError';
  readonly code: PolicySourceErrorCode;
  readonly mend: string;
  constructor(code: PolicySourceErrorCode, message: string, mend: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.mend = mend;
  }
}

const MENDS: Readonly<Record<PolicySourceErrorCode, string>> = {
  'no-root':
    'Set policy.source.rootFingerprint to what `postern policy keygen` printed, or policy.source.rootFile.',
  unreachable: 'Check the network and policy.source.url; nothing is lost meanwhile.',
  timeout: 'Check the network; the next attempt follows by itself.',
  'proxy-auth': 'Check user name and password in upstream.proxy.',
  'captive-portal': 'Open a browser and sign in to this network.',
  forbidden: 'The server must hand its files out without a sign-in: ask whoever publishes policy.',
  'not-found': 'Check policy.source.url: timestamp.json must lie right below it.',
  'server-error': 'Ask whoever publishes policy; the next attempt follows by itself.',
  truncated: 'The next attempt follows by itself; if it stays, ask whoever publishes policy.',
  'not-as-signed': 'If it stays, the copy on the server is damaged or was changed: tell your security team.',
  'not-signed': 'Tell your security team: somebody without the right keys may have changed the server.',
  'rolled-back': 'Tell your security team: the server offers something older than this device has seen.',
  expired:
    'Whoever publishes policy must run `postern policy refresh`; if they have, the server holds back what is new.',
  'wrong-clock': "Set this device's clock.",
  'too-large': 'Tell your security team: no policy is as large as this.',
  'unknown-version': 'Update Postern on this device.',
  'no-policy': 'Whoever publishes policy must sign one: postern policy sign.',
  disk: 'Free some disk space and check the rights of the home folder.',
};

export const trouble = (code: PolicySourceErrorCode, message: string, cause?: unknown): PolicySourceError =>
  new PolicySourceError(code, message, MENDS[code], cause === undefined ? undefined : { cause });

/** What tuf-js throws, in our words. It wraps most errors, so that only their text is left to go by. */
export function asPolicySourceError(error: unknown): PolicySourceError {
  if (error instanceof PolicySourceError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (DISK_CODES.has(code)) return trouble('disk', `What has come can't be kept: ${text}`, error);
  const wrapped = /PolicySourceError: (.*)$/s.exec(text);
  if (error instanceof Error && error.cause instanceof PolicySourceError) return error.cause;
  for (const [pattern, code, message] of WORDS) {
    if (pattern.test(text)) return trouble(code, message, error);
  }
  return trouble(
    'not-as-signed',
    `What the policy server sent can't be used: ${wrapped?.[1] ?? text}`,
    error,
  );
}

const DISK_CODES: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EIO',
  'home-not-writable',
]);

const WORDS: readonly (readonly [RegExp, PolicySourceErrorCode, string])[] = [
  [/is expired/, 'expired', 'The policy server offers only what has passed its date.'],
  [
    /was signed by \d+\/\d+ keys|no delegation found/,
    'not-signed',
    'What the policy server offers is not signed by the right keys.',
  ],
  [
    /is less than current version|Expected version|Missing file .* in new snapshot/,
    'rolled-back',
    'The policy server offers something older than this device has seen.',
  ],
  [/Max length reached/, 'too-large', 'The policy server sends more than was announced.'],
  [
    /Unsupported specVersion/,
    'unknown-version',
    'The policy server speaks a newer format than this version knows.',
  ],
  [
    /Unexpected (?:token|end)|in JSON at|not valid JSON|Unterminated/i,
    'truncated',
    "What the policy server sent is cut short or isn't what it should be.",
  ],
  [
    /hash|length|does(?:n't| not) match/i,
    'not-as-signed',
    "What the policy server sent isn't what was signed: files of different pushes, or damaged ones.",
  ],
];

/** Only for its message, before anything is verified: a format of the future may look different in every other way. */
export function requireKnownFormat(timestamp: Uint8Array): void {
  const version = /"spec_version"\s*:\s*"(\d+)\./.exec(Buffer.from(timestamp).toString('utf8'))?.[1];
  if (version !== undefined && version !== '1')
    throw trouble('unknown-version', 'The policy server speaks a newer format than this version knows.');
}

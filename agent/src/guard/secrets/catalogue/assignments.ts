/**
 * Passwords, keys and tokens that are known by the name they are given alone: in code, settings, headers, command lines
 * and prose. Never more than of medium confidence.
 */
import type { Confidence } from '../../../core/finding.ts';
import type { Rule } from '../../engine/rule.ts';
import { GENERIC, type Shape, secret } from '../builders.ts';
import { classesOf, entropyBits } from '../checks.ts';
import { isPassword, isRandomToken, isReference, isTemplate, isTrivial } from '../plausible.ts';

const CWE = 'https://cwe.mitre.org/data/definitions/798.html';

const LONG_NAME = '(?i:pass(?:w(?:or)?d|wort|wrd|phrase|code)|p(?:a?s{1,2})?w(?:o?r)?d)';
/** `password` and how it is shortened and misspelled; the short forms only where a word begins. */
const PASSWORD_NAME = `(?:${LONG_NAME}|(?:(?<![A-Za-z])(?:pass|Pass|pw|Pw)|(?<=[a-z])(?:Pass|Pw))(?![a-z])|(?:PASS|PW)(?![A-Za-z]))`;
const PASSWORD_KEYWORDS = ['pass', 'pasw', 'psw', 'pssw', 'pw'];
/** What the name goes on with that makes its value something else. */
const NOT_THE_PASSWORD =
  /(?:file|path|dir|url|uri|hash(?:ed)?|salt|length|len|min|max|policy|field|label|hint|placeholder|type|kind|mode|id|name|regex|regexp|pattern|error|message|text|title|expir\w*|column|param(?:eter)?|prompt|attempts?|strength|input|form|version|algorithm|algo|encoder|encoding|class(?:name)?|selector|count|ref|env|var|key|format|icon|component|page|route|screen|rule|test|method|digest|scheme)["'`\]\s:=>,-]{1,12}$/i;

const QUOTE = '(?:\\\\{0,3}["\'`]|&quot;|&#3[49];)';
/** Between a name and its value: assignments, comparisons, a type before the equals sign. */
const OPERATOR = `${QUOTE}?[\\])]{0,2}[ \\t]{0,4}(?::[ \\t]{0,2}(?:String|string|str)[ \\t]{0,2}=|=>|:=|!={1,2}|={1,3}|:)[ \\t]{0,4}`;
/** `define('PASSWORD', '…')` */
const ARGUMENT = `${QUOTE}?[ \\t]{0,2},[ \\t]{0,2}`;
/** A value without quotes: printable ASCII without quotes, brackets and separators. */
const BARE = 'A-Za-z0-9!#$%&*+./:=?@^_~-';

function judgePassword(value: string, before: string): Confidence | undefined {
  if (!isPassword(value) || NOT_THE_PASSWORD.test(before)) return undefined;
  const isStrong = value.length >= 10 && classesOf(value) >= 3 && entropyBits(value) >= 3;
  if (isStrong) return 'medium';
  return /,\s{0,2}["'`]$/.test(before) ? undefined : 'low';
}

const password = (id: string, pattern: string, extra: Partial<Shape> = {}): Rule =>
  secret({
    id,
    label: 'Password',
    source: CWE,
    severity: 'medium',
    confidence: 'low',
    keywords: PASSWORD_KEYWORDS,
    pattern,
    specificity: GENERIC,
    minEntropy: 2.2,
    judge: judgePassword,
    ...extra,
  });

const SECRET_NAME =
  'secret(?:[_ -]?key)?|api[_ -]?key|access[_ -]?key|auth[_ -]?key|authentication[_ -]?key|encryption[_ -]?key|signing[_ -]?key|private[_ -]?key|master[_ -]?key|service[_ -]?key|account[_ -]?key|shared[_ -]?key|aes[_ -]?key|hmac[_ -]?key|activation[_ -]?key|auth[_ -]?token|access[_ -]?token|api[_ -]?token|refresh[_ -]?token|token|credential|authentication|authorization|signature|pin[_ -]?code';
const KEY_NAMES = [
  ...['api', 'access', 'auth', 'authentication', 'encryption', 'signing', 'private', 'master', 'service'],
  ...['account', 'shared', 'aes', 'hmac', 'activation'],
];
const SECRET_KEYWORDS = [
  ...['secret', 'token', 'credential', 'authentication', 'authorization', 'signature'],
  ...KEY_NAMES.flatMap((name) => ['', '_', '-', ' '].map((joint) => `${name}${joint}key`)),
];

const NOT_THE_SECRET =
  /(?:type|name|url|uri|file|path|endpoint|header|prefix|suffix|format|regex|pattern|version|expir\w*)["'`\]\s:=>-]{1,12}$/i;

function judgeSecret(value: string, before: string): Confidence | undefined {
  if (isTrivial(value) || isTemplate(value) || !isRandomToken(value) || isReference(value)) return undefined;
  if (NOT_THE_SECRET.test(before)) return undefined;
  const isStrong = value.length >= 20 && classesOf(value) >= 3 && entropyBits(value) >= 3.8;
  return isStrong && /["'`=]$/.test(before) ? 'medium' : 'low';
}

export const assignments: readonly Rule[] = [
  password(
    'assigned-password',
    `${PASSWORD_NAME}[\\w-]{0,24}(?:${OPERATOR}|${ARGUMENT})${QUOTE}([^"'\`\\s\\\\]{6,80})(?=["'\`\\\\])`,
  ),
  password('plain-password', `${PASSWORD_NAME}[\\w-]{0,24}${OPERATOR}([${BARE}]{6,64})(?![(\\[{${BARE}])`, {
    specificity: GENERIC,
  }),
  password(
    'defined-password',
    `${LONG_NAME}(?:[ \\t]|\\\\t){1,4}${QUOTE}([^"'\`\\s\\\\]{6,80})(?=["'\`\\\\])`,
  ),
  password('password-option', `(?<=-)${PASSWORD_NAME}[ \\t]{1,3}${QUOTE}?([${BARE}]{6,64})(?![(\\[${BARE}])`),
  password('password-element', `${PASSWORD_NAME}[\\w-]{0,16}>([^<>\\s"'&]{6,64})(?=</)`),
  password(
    'named-password',
    `${PASSWORD_NAME}[\\w-]{0,16}${QUOTE}?(?:,\\s{0,16}|\\s{1,16})${QUOTE}?(?i:value)${QUOTE}?[ ]{0,2}[:=][ ]{0,2}${QUOTE}?([${BARE}]{6,80})(?![(\\[${BARE}])`,
  ),
  password(
    'password-in-prose',
    `(?i:password|passphrase|pwd|passcode|passwort|passordet|pass|pw) (?i:is|ist|er)[ :]{1,3}["'\`]?([${BARE}]{6,64})(?![${BARE}])`,
    {
      keywords: [
        'password is',
        'passphrase is',
        'pwd is',
        'passcode is',
        'passwort ist',
        'passordet er',
        'pass is',
        'pw is',
      ],
    },
  ),
  secret({
    id: 'generic-secret',
    label: 'Key or token',
    source: CWE,
    severity: 'medium',
    confidence: 'low',
    keywords: SECRET_KEYWORDS,
    pattern: `(?i:${SECRET_NAME})[\\w.-]{0,24}${OPERATOR}(?:${QUOTE}|[ ]{0,2})(?:(?i:bearer|token|ntlm|negotiate) )?([${BARE}]{8,200})(?![(\\[${BARE}])`,
    specificity: GENERIC,
    minEntropy: 2.5,
    judge: judgeSecret,
  }),
  secret({
    id: 'secret-option',
    label: 'Key or token on a command line',
    source: CWE,
    severity: 'medium',
    confidence: 'low',
    keywords: ['-secret', '-token', '_token', '_secret', '-bearer', '-api-key', '-apikey'],
    pattern: `(?i:[-_]secret|[-_]token|-bearer|-api-?key)[\\w-]{0,12}[ \\t]{1,3}["']?([${BARE}]{12,200})(?![(\\[${BARE}])`,
    specificity: GENERIC,
    minEntropy: 3,
    judge: judgeSecret,
  }),
  secret({
    id: 'generic-key',
    label: 'Key',
    source: CWE,
    severity: 'medium',
    confidence: 'low',
    keywords: ['key'],
    pattern: `(?i:key)${OPERATOR}${QUOTE}([A-Za-z0-9+/_-]{24,200}={0,2})(?=["'\`\\\\])`,
    specificity: GENERIC - 1,
    minEntropy: 3.8,
    judge: (value) => (classesOf(value) >= 3 && isRandomToken(value) ? 'low' : undefined),
  }),
];

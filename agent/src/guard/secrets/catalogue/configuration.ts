/** Credentials known by the file, command or statement around them. */
import type { Rule } from '../../engine/rule.ts';
import { CONTEXTUAL, GENERIC, LEFT, secret } from '../builders.ts';
import { decodeBase64 } from '../checks.ts';
import { isPassword, isRandomToken, isTemplate, isTrivial } from '../plausible.ts';

const NO_BLANK = '[^\\s"\'`<>]';
const asPassword = (value: string): 'medium' | undefined =>
  isTrivial(value) || isTemplate(value) ? undefined : 'medium';

export const configuration: readonly Rule[] = [
  secret({
    id: 'sql-password',
    label: 'Database password (SQL)',
    source: 'https://dev.mysql.com/doc/refman/9.0/en/create-user.html',
    confidence: 'medium',
    keywords: ['identified by', 'identified with'],
    pattern: `(?i:identified)[ ](?i:with[ ][\\w'"]{3,40}[ ])?(?i:by)(?:[ ](?i:password))?[ ]{1,4}["']?([^\\s"'\`;\\\\]{5,64})`,
    minEntropy: 1.8,
    specificity: GENERIC + 1,
    // Prose says "identified by" too.
    judge: (value, before) => (/["']$/.test(before) || isPassword(value) ? asPassword(value) : undefined),
  }),
  secret({
    id: 'sql-role-password',
    label: 'Database password (SQL)',
    source: 'https://www.postgresql.org/docs/current/sql-createrole.html',
    confidence: 'medium',
    keywords: ['create user', 'create role', 'alter user', 'alter role', 'create login', 'alter login'],
    pattern: `(?i:create|alter)[ ](?i:user|role|login)[^;\\r\\n]{1,120}?(?i:password)[ ]{0,2}=?[ ]{0,2}["']?([^\\s"'\`;\\\\]{5,64})`,
    minEntropy: 1.8,
    specificity: GENERIC + 1,
    judge: (value) => (/^(?:expire|null|never|for|history)$/i.test(value) ? undefined : asPassword(value)),
  }),
  secret({
    id: 'netrc-password',
    label: 'Password (.netrc)',
    source: 'https://everything.curl.dev/usingcurl/netrc.html',
    keywords: ['machine '],
    pattern: `(?i:machine)\\s{1,4}${NO_BLANK}{1,100}\\s{1,8}(?i:login)\\s{1,4}${NO_BLANK}{1,100}\\s{1,8}(?i:password)\\s{1,4}(${NO_BLANK}{4,120})`,
    minEntropy: 1.8,
    specificity: CONTEXTUAL,
    judge: (value) => (isPassword(value) && value.length >= 8 ? 'high' : asPassword(value)),
  }),
  secret({
    id: 'pgpass-password',
    label: 'PostgreSQL password (.pgpass)',
    source: 'https://www.postgresql.org/docs/current/libpq-pgpass.html',
    keywords: [':5432:', ':6432:'],
    pattern: `:[56]432:[^\\s:]{1,63}:[^\\s:]{1,63}:(${NO_BLANK}{4,120})(?!${NO_BLANK})`,
    minEntropy: 1.8,
    specificity: CONTEXTUAL,
    judge: (value) => (isPassword(value) ? 'high' : undefined),
  }),
  secret({
    id: 'kubernetes-secret',
    label: 'Kubernetes secret',
    source: 'https://kubernetes.io/docs/concepts/configuration/secret/',
    severity: 'critical',
    keywords: ['kind: secret'],
    pattern:
      '(?i:kind: secret)[ \\t]{0,4}[\\r\\n]{1,2}(?:(?!data:)[^\\r\\n]{1,200}[\\r\\n]{1,2}){0,30}?(?:data|stringData):[ \\t]{0,4}[\\r\\n]{1,2}((?:[ \\t]{1,8}[\\w.-]{1,100}:[ \\t]{1,4}["\']?[^\\s"\']{6,4000}["\']?[ \\t]{0,4}(?:[\\r\\n]{1,2}|(?![^\\r\\n]))){1,40})',
    minEntropy: 2,
    specificity: CONTEXTUAL,
    judge(value) {
      const values = [...value.matchAll(/:[ \t]+["']?([^\s"']+)/g)].map((found) => found[1] ?? '');
      const plain = values.map((one) => decodeBase64(one) ?? one);
      return plain.some((one) => isPassword(one) || one.includes('PRIVATE KEY')) ? 'high' : undefined;
    },
  }),
  secret({
    id: 'session-cookie',
    label: 'Session cookie',
    source: 'https://www.rfc-editor.org/rfc/rfc6265#section-8',
    confidence: 'medium',
    keywords: ['sessionid', 'session_id', 'jsessionid', 'phpsessid', 'connect.sid', '_session', 'sessid'],
    pattern: `(?i:j?session_?id|phpsessid|connect\\.sid|[a-z]{0,12}_session|sessid)=(?:s%3A)?([A-Za-z0-9%._~+-]{20,400}={0,2})(?=[;\\s"'\\\\]|(?![\\s\\S]))`,
    minEntropy: 3,
    specificity: GENERIC + 1,
    judge: (value) => (isRandomToken(value) ? 'medium' : undefined),
  }),
  secret({
    id: 'password-hash',
    label: 'Password hash',
    source: 'https://man7.org/linux/man-pages/man5/crypt.5.html',
    severity: 'medium',
    confidence: 'medium',
    keywords: [
      '$2a$',
      '$2b$',
      '$2y$',
      '$5$',
      '$6$',
      '$y$',
      '$apr1$',
      '$argon2id$',
      '$argon2i$',
      'pbkdf2_sha256$',
    ],
    pattern: `${LEFT}(?:\\$2[aby]\\$[0-9]{2}\\$[A-Za-z0-9./]{53}|\\$[56]\\$(?:rounds=[0-9]{4,9}\\$)?[A-Za-z0-9./]{4,16}\\$[A-Za-z0-9./]{43,86}|\\$y\\$[A-Za-z0-9./]{3,6}\\$[A-Za-z0-9./]{16,86}\\$[A-Za-z0-9./]{43}|\\$apr1\\$[A-Za-z0-9./]{4,8}\\$[A-Za-z0-9./]{22}|\\$argon2id?\\$v=[0-9]{2}\\$m=[0-9]{3,8},t=[0-9]{1,3},p=[0-9]{1,3}\\$[A-Za-z0-9+/]{11,64}\\$[A-Za-z0-9+/]{22,128}|pbkdf2_sha256\\$[0-9]{4,8}\\$[A-Za-z0-9]{8,40}\\$[A-Za-z0-9+/]{43}=)(?![A-Za-z0-9./])`,
    specificity: CONTEXTUAL,
    proof: (value) => new Set(value).size > 16,
    judge: () => undefined,
  }),
  secret({
    id: 'curl-user-password',
    label: 'Password on a command line',
    source: 'https://curl.se/docs/manpage.html#-u',
    confidence: 'medium',
    keywords: ['curl '],
    pattern: `curl [^\\n]{0,200}?(?:-u|--user|--proxy-user)[ =]["']?[A-Za-z0-9._@-]{1,64}:([A-Za-z0-9!#%&*+./=?@^_~-]{6,64})(?![A-Za-z0-9!#%&*+./=?@^_~-])`,
    specificity: GENERIC + 1,
    minEntropy: 2,
    judge: asPassword,
  }),
  secret({
    id: 'curl-library-password',
    label: 'Password (libcurl)',
    source: 'https://curl.se/libcurl/c/CURLOPT_USERPWD.html',
    confidence: 'medium',
    keywords: ['CURLOPT_USERPWD', 'CURLOPT_PROXYUSERPWD', 'CURLOPT_XOAUTH2_BEARER', 'CURLOPT_KEYPASSWD'],
    pattern: `CURLOPT_(?:(?:PROXY)?USERPWD["' ]{0,2}(?:,|=>)[ ]{0,3}["'][^\\s"':]{1,64}:|(?:XOAUTH2_BEARER|KEYPASSWD)["' ]{0,2}(?:,|=>)[ ]{0,3}["'])([^\\s"'\\\\]{5,200})(?=["'])`,
    specificity: GENERIC + 1,
    minEntropy: 2,
    judge: asPassword,
  }),
  secret({
    id: 'command-line-password',
    label: 'Password on a command line',
    source: 'https://dev.mysql.com/doc/refman/9.0/en/password-security-user.html',
    confidence: 'medium',
    keywords: ['mysql ', 'mysqldump ', 'mysqladmin ', 'sshpass -p', 'redis-cli ', 'docker login '],
    pattern: `${LEFT}(?:mysql(?:dump|admin)?[ ][^\\n|;&]{0,120}?-p|sshpass -p[ ]{0,2}|redis-cli[ ][^\\n|;&]{0,80}?-a[ ]|docker login[ ][^\\n|;&]{0,80}?-p[ ])["']?([^\\s"'\`;|&<>\\\\-][^\\s"'\`;|&<>\\\\]{5,80})`,
    specificity: GENERIC + 1,
    minEntropy: 2,
    judge: (value) => (isPassword(value) ? 'medium' : undefined),
  }),
  secret({
    id: 'powershell-secure-string',
    label: 'Password (PowerShell)',
    source:
      'https://learn.microsoft.com/powershell/module/microsoft.powershell.security/convertto-securestring',
    confidence: 'medium',
    keywords: ['ConvertTo-SecureString'],
    pattern: `(?i:convertto-securestring)(?:[ ]-[A-Za-z]{3,12}){0,4}[ ]{1,3}\\\\{0,3}["']?([^\\s"'\\\\$-][^\\s"'\\\\]{5,100})`,
    specificity: GENERIC + 1,
    minEntropy: 2,
    judge: (value) => (isPassword(value) ? 'medium' : undefined),
  }),
];

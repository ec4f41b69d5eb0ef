/** Credentials known by the structure around them: connection strings, tokens of a standard, headers, assignments. */
import type { Confidence } from '../../../core/finding.ts';
import type { Rule } from '../../engine/rule.ts';
import { CONTEXTUAL, GENERIC, LEFT, secret } from '../builders.ts';
import { classesOf, decodeBase64, entropyBits, hasJoseHeader } from '../checks.ts';
import { isRandomToken, isTemplate, isTrivial } from '../plausible.ts';

const URI = 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1';
/** An e-mail address as a name keeps its `@`, although it should be encoded. */
const USER = '[A-Za-z0-9._~%!*+&=-]{0,80}(?:@[A-Za-z0-9.-]{3,60})?';
/** A password in a URI can't hold `@`, `/`, `:`, quotes or blanks unescaped; sub-delims may stand as they are. */
const PASSWORD = '([A-Za-z0-9._~%!*+,;=#^?$&-]{3,128})@';

function judgeUriPassword(value: string): Confidence | undefined {
  if (isTrivial(value) || isTemplate(value)) return undefined;
  const strong = value.length >= 8 && classesOf(value) >= 2 && entropyBits(value) >= 2.5;
  return strong ? 'high' : 'medium';
}

const connection = (id: string, label: string, source: string, ...schemes: string[]): Rule =>
  secret({
    id,
    label,
    source,
    severity: 'critical',
    keywords: schemes.map((scheme) => `${scheme}://`),
    pattern: `(?:${schemes.map((scheme) => scheme.replace('+', '\\+')).join('|')})://${USER}:${PASSWORD}`,
    minEntropy: 1.5,
    specificity: CONTEXTUAL,
    judge: judgeUriPassword,
  });

export const connectionStrings: readonly Rule[] = [
  connection(
    'postgres-password',
    'PostgreSQL password',
    'https://www.postgresql.org/docs/current/libpq-connect.html',
    'postgres',
    'postgresql',
    'postgresql+psycopg2',
    'postgresql+asyncpg',
  ),
  connection(
    'mysql-password',
    'MySQL password',
    'https://dev.mysql.com/doc/refman/9.0/en/connecting-using-uri-or-key-value-pairs.html',
    'mysql',
    'mariadb',
    'mysql+pymysql',
    'mysql2',
  ),
  connection(
    'mongodb-password',
    'MongoDB password',
    'https://www.mongodb.com/docs/manual/reference/connection-string/',
    'mongodb',
    'mongodb+srv',
  ),
  connection(
    'redis-password',
    'Redis password',
    'https://redis.io/docs/latest/develop/tools/cli/',
    'redis',
    'rediss',
    'valkey',
  ),
  connection(
    'amqp-password',
    'Message broker password',
    'https://www.rabbitmq.com/docs/uri-spec',
    'amqp',
    'amqps',
    'nats',
    'mqtt',
    'mqtts',
    'kafka',
  ),
  connection(
    'mssql-password',
    'SQL Server password',
    'https://learn.microsoft.com/sql/connect/jdbc/building-the-connection-url',
    'mssql',
    'sqlserver',
    'mssql+pyodbc',
  ),
  connection(
    'database-password',
    'Database password',
    URI,
    'clickhouse',
    'cockroachdb',
    'oracle',
    'snowflake',
    'couchbase',
    'couchdb',
    'neo4j',
    'bolt',
    'cassandra',
    'influxdb',
    'db2',
    'redshift',
    'vertica',
    'trino',
  ),
  connection(
    'file-transfer-password',
    'File server password',
    URI,
    'ftp',
    'ftps',
    'sftp',
    'ssh',
    'smb',
    'webdav',
  ),
  connection(
    'mail-server-password',
    'Mail server password',
    URI,
    'smtp',
    'smtps',
    'imap',
    'imaps',
    'ldap',
    'ldaps',
  ),
  ...(
    [
      ['http-basic-password', ['http://', 'https://'], 'https?://', CONTEXTUAL],
      // Any other scheme: `jdbc-proxy://`, `vault://`, `s3://`.
      ['url-password', ['://'], '://', CONTEXTUAL - 1],
    ] as const
  ).map(([id, keywords, head, specificity]) =>
    secret({
      id,
      label: 'Password in a web address',
      source: URI,
      keywords,
      pattern: `${head}${USER}:${PASSWORD}`,
      minEntropy: 1.5,
      specificity,
      judge(value) {
        const judged = judgeUriPassword(value);
        return judged === 'high' && (value.length < 12 || entropyBits(value) < 3) ? 'medium' : judged;
      },
    }),
  ),
  secret({
    id: 'jdbc-password',
    label: 'Database password (JDBC)',
    source: 'https://jdbc.postgresql.org/documentation/use/',
    severity: 'critical',
    keywords: ['jdbc:'],
    pattern:
      'jdbc:[a-z0-9]{2,20}:[^\\s"\'`<>]{4,200}?[?;&:](?i:password|pwd)=([^\\s"\'`&;<>\\\\]{4,100})(?![^\\s"\'`&;<>\\\\])',
    minEntropy: 1.5,
    specificity: CONTEXTUAL,
    judge: judgeUriPassword,
  }),
  secret({
    id: 'ado-net-password',
    label: 'Database password (connection string)',
    source: 'https://learn.microsoft.com/dotnet/framework/data/adonet/connection-string-syntax',
    severity: 'critical',
    keywords: ['server=', 'data source=', 'user id=', 'uid='],
    pattern:
      '(?i:server|data source|user id|uid)=[^"\'`\\r\\n]{1,160}?;[ ]?(?i:password|pwd)=([^\\s"\'`;<>\\\\]{4,100})(?![^\\s"\'`;<>\\\\])',
    minEntropy: 1.5,
    specificity: CONTEXTUAL,
    judge: judgeUriPassword,
  }),
];

export const standardTokens: readonly Rule[] = [
  secret({
    id: 'json-web-token',
    label: 'JSON Web Token',
    source: 'https://www.rfc-editor.org/rfc/rfc7519',
    severity: 'medium',
    confidence: 'medium',
    keywords: ['eyJ'],
    pattern: `${LEFT}eyJ[A-Za-z0-9_-]{10,1000}\\.eyJ[A-Za-z0-9_-]{10,4000}\\.[A-Za-z0-9_-]{16,1200}(?![A-Za-z0-9_-])`,
    specificity: CONTEXTUAL + 1,
    judge: (value) => (hasJoseHeader(value) ? 'medium' : undefined),
  }),
  secret({
    id: 'json-web-encryption',
    label: 'Encrypted JSON Web Token',
    source: 'https://www.rfc-editor.org/rfc/rfc7516',
    severity: 'medium',
    confidence: 'medium',
    keywords: ['eyJ'],
    pattern: `${LEFT}eyJ[A-Za-z0-9_-]{10,1000}\\.[A-Za-z0-9_-]{0,1000}\\.[A-Za-z0-9_-]{16,24}\\.[A-Za-z0-9_-]{10,8000}\\.[A-Za-z0-9_-]{20,24}(?![A-Za-z0-9_-])`,
    specificity: CONTEXTUAL + 1,
    judge: (value) => (hasJoseHeader(value) ? 'medium' : undefined),
  }),
  secret({
    id: 'bearer-token',
    label: 'Bearer token',
    source: 'https://www.rfc-editor.org/rfc/rfc6750#section-2.1',
    confidence: 'medium',
    keywords: ['bearer '],
    pattern: `(?i:bearer) {1,2}([A-Za-z0-9._~+/-]{20,400}={0,2})(?![A-Za-z0-9._~+/=-])`,
    specificity: GENERIC + 1,
    minEntropy: 3.2,
    judge: (value) => (isRandomToken(value) ? 'medium' : undefined),
  }),
  secret({
    id: 'basic-authorization',
    label: 'Basic authentication header',
    source: 'https://www.rfc-editor.org/rfc/rfc7617',
    keywords: ['basic '],
    pattern: `(?i:basic) {1,2}([A-Za-z0-9+/]{8,400}={0,2})(?![A-Za-z0-9+/=])`,
    specificity: CONTEXTUAL,
    minEntropy: 2.5,
    judge(value, before) {
      const credentials = /^([\x21-\x39\x3b-\x7e]{0,80}):([\x20-\x7e]{3,})$/.exec(decodeBase64(value) ?? '');
      if (credentials === null) return undefined;
      const judged = judgeUriPassword(credentials[2] as string);
      return judged === 'high' && !/authorization/i.test(before) ? 'medium' : judged;
    },
  }),
];

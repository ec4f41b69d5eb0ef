/** Why a client broke off the handshake, from Node's error code (clients.md of the field: each stack has its own way). */
const CAUSES = new Map<string, string>([
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'unknown-ca'], // Rust, OpenSSL, Go
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'certificate-unknown'], // Chromium, Java
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN', 'certificate-unknown'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'bad-certificate'], // Firefox, Go
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'bad-certificate'],
  ['ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE', 'unsupported-certificate'],
  ['ECONNRESET', 'reset'], // Node, Bun
  ['EPIPE', 'reset'],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'handshake-timeout'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'protocol-version'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'no-shared-cipher'],
  ['ERR_SSL_HTTP_REQUEST', 'not-tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'not-tls'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'not-tls'],
]);

export function handshakeCause(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return CAUSES.get(code) ?? 'handshake-failed';
}

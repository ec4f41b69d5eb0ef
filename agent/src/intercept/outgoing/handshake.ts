/**
 * One verified TLS handshake. What the socket resolves to has passed: the chain (OpenSSL, our roots), the name, and
 * revocation; not a byte of the request is written before. Nothing here looks at the environment.
 */
import { isIP, type Socket } from 'node:net';
import { connect, type DetailedPeerCertificate, type SecureContext, type TLSSocket } from 'node:tls';
import { OutgoingError } from '../ports.ts';
import { readCertificate } from './certificate-fields.ts';
import { within } from './deadline.ts';
import { nodeCode, outgoingError } from './errors.ts';
import type { CertificateChain, Revocation } from './revocation.ts';
import { identityMismatch } from './server-identity.ts';
import type { SessionCache } from './session-cache.ts';

export interface HandshakeOptions {
  readonly host: string;
  readonly alpn: readonly string[];
  readonly secureContext: SecureContext;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Of inspected hosts; absent for a proxy's own TLS. */
  readonly revocation?: Revocation;
  /** Where sessions are kept, and under which name. */
  readonly sessions?: { readonly cache: SessionCache; readonly key: string };
}

export interface VerifiedConnection {
  readonly socket: TLSSocket;
  /** Of this handshake, or of the one whose session was resumed. */
  readonly chain: CertificateChain;
}

/** Takes `socket` over: it is destroyed on failure. Rejects with an OutgoingError. */
export async function handshake(socket: Socket, options: HandshakeOptions): Promise<VerifiedConnection> {
  const attempt = new Handshake(socket, options);
  const timedOut = (): OutgoingError =>
    outgoingError(
      'handshake-timeout',
      `${options.host} did not finish the TLS handshake in ${options.timeoutMs} ms.`,
    );
  return within(attempt.done, options, timedOut, () => attempt.abandon());
}

class Handshake {
  readonly done: Promise<VerifiedConnection>;
  readonly #options: HandshakeOptions;
  readonly #carrier: Socket;
  readonly #tls: TLSSocket;
  #chain: CertificateChain | undefined;
  #staple: Uint8Array | undefined;

  constructor(carrier: Socket, options: HandshakeOptions) {
    this.#options = options;
    this.#carrier = carrier;
    const { host, sessions } = options;
    const resumed = sessions?.cache.get(sessions.key);
    this.#chain = resumed?.chain;
    this.#tls = connect({
      socket: carrier,
      secureContext: options.secureContext,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: [...options.alpn],
      // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED is never asked.
      rejectUnauthorized: true,
      requestOCSP: options.revocation !== undefined,
      checkServerIdentity: (_host, certificate) =>
        this.#checkIdentity(certificate as DetailedPeerCertificate),
      ...(resumed === undefined ? {} : { session: resumed.ticket }),
    });
    // A proxy's own TLS may break underneath; its errors are this connection's.
    carrier.on('error', (error) => this.#tls.destroy(error));
    this.done = new Promise((resolve, reject) => this.#listen(resolve, reject));
  }

  abandon(): void {
    this.#tls.on('error', () => {}); // The outcome was already reported.
    this.#tls.destroy();
    this.#carrier.destroy();
  }

  #listen(resolve: (connection: VerifiedConnection) => void, reject: (error: Error) => void): void {
    const tls = this.#tls;
    const fail = (error: OutgoingError): void => {
      this.abandon();
      // A server that no longer takes our ticket in a way that breaks the handshake must not break every next one.
      const { sessions } = this.#options;
      sessions?.cache.drop(sessions.key);
      reject(error);
    };
    const onError = (error: Error): void => fail(handshakeError(this.#options.host, error));
    const onClose = (): void => fail(closedEarly(this.#options.host));
    tls.once('error', onError).once('close', onClose);
    tls.once('OCSPResponse', (answer: Buffer | null) => {
      this.#staple = answer ?? undefined;
    });
    tls.once('secureConnect', () => {
      const refusal = this.#refusal();
      if (refusal !== undefined) return fail(refusal);
      tls.off('error', onError).off('close', onClose);
      resolve({ socket: tls, chain: this.#chain ?? [] });
    });
    tls.on('session', (ticket: Buffer) => {
      const { sessions } = this.#options;
      // TLS 1.2 tells before, TLS 1.3 after the handshake; only a verified chain makes a session worth keeping.
      if (this.#chain !== undefined) sessions?.cache.set(sessions.key, { ticket, chain: this.#chain });
    });
  }

  /** Called by Node once OpenSSL accepts the chain; not for a resumed session, whose chain was checked before. */
  #checkIdentity(certificate: DetailedPeerCertificate): Error | undefined {
    const { host } = this.#options;
    try {
      const chain = chainOf(certificate);
      const mismatch = identityMismatch(host, readCertificate(chain[0] ?? new Uint8Array()));
      if (mismatch !== undefined)
        return outgoingError('certificate-invalid', `${host}'s certificate: ${mismatch}.`);
      this.#chain = chain;
      return undefined;
    } catch (error) {
      // Throwing inside Node's handshake callback would end the process.
      return error instanceof Error ? error : outgoingError('certificate-invalid', `${host}: ${error}`);
    }
  }

  #refusal(): OutgoingError | undefined {
    const { host, revocation } = this.#options;
    if (!this.#tls.authorized || this.#chain === undefined) {
      return outgoingError('certificate-invalid', `${host}'s certificate was not verified.`);
    }
    if (revocation === undefined) return undefined;
    try {
      return revocation.refusal(host, this.#chain, this.#staple, this.#tls.isSessionReused());
    } catch (cause) {
      return outgoingError('certificate-invalid', `${host}'s certificate can't be read.`, cause);
    }
  }
}

/** Leaf first; Node completes the chain from our roots and lets a root be its own issuer. */
function chainOf(certificate: DetailedPeerCertificate): CertificateChain {
  const chain: Uint8Array[] = [];
  let current: DetailedPeerCertificate | undefined = certificate;
  while (current?.raw !== undefined && chain.length < 12) {
    chain.push(current.raw);
    if (current.issuerCertificate === current) break;
    current = current.issuerCertificate;
  }
  return chain;
}

const closedEarly = (host: string): OutgoingError =>
  outgoingError('handshake-failed', `${host} closed the connection during the TLS handshake.`);

/** True if the server speaks none of the protocols we offered (RFC 7301 section 3.2). */
export function isAlpnRefusal(error: unknown): boolean {
  const cause = error instanceof OutgoingError ? error.cause : error;
  return nodeCode(cause) === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';
}

/** OpenSSL's names of verification failures (X509_V_ERR_…), as Node spells them in `code`. */
const CERTIFICATE_CODES =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|PATH_LENGTH|HOSTNAME_|EE_KEY|CA_|KEYUSAGE|ERR_TLS_CERT|ERROR_IN_CERT|UNSPECIFIED|PERMITTED_|EXCLUDED_|UNHANDLED_|SUBTREE|UNSUPPORTED_|OUT_OF_MEM|ERR_SSL_CERTIFICATE_VERIFY)/;

function handshakeError(host: string, error: Error): OutgoingError {
  if (error instanceof OutgoingError) return error;
  const code = nodeCode(error) ?? 'unknown error';
  if (CERTIFICATE_CODES.test(code)) {
    return outgoingError(
      'certificate-invalid',
      `${host}'s certificate is not acceptable (${code}: ${error.message}).`,
      error,
    );
  }
  return outgoingError('handshake-failed', `The TLS handshake with ${host} failed (${code}).`, error);
}

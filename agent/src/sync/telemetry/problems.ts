/** What went wrong on the way to a collector, in plain words with what to do. Nothing that the other side said is quoted. */
import { ReplyTooLarge } from '../../core/http.ts';
import type { DeliveryProblem } from './destination.ts';

const UNREACHABLE_MEND = 'Check the network and the address in telemetry; records wait until then.';

/** By the codes of the outgoing edge and of Node. */
const BY_CODE: Readonly<Record<string, (where: string) => DeliveryProblem>> = {
  'dns-failed': (where) => ({
    code: 'unknown-host',
    text: `The name ${where} can't be resolved.`,
    mend: UNREACHABLE_MEND,
  }),
  'proxy-auth': (where) => ({
    code: 'proxy-credentials',
    text: `The corporate proxy asks for credentials before it lets ${where} be reached.`,
    mend: 'Put user and password into upstream.proxy: http://user:pass@proxy:3128',
  }),
  'proxy-refused': (where) => ({
    code: 'proxy-refused',
    text: `The corporate proxy does not let ${where} be reached.`,
    mend: 'Ask for it to be allowed, or check upstream.proxy.',
  }),
  'certificate-invalid': (where) => ({
    code: 'certificate-invalid',
    text: `The certificate of ${where} is not valid: nothing was sent.`,
    mend: 'Check the device clock; if the authority is your own, put its certificate into upstream.extraCaFile.',
  }),
  'certificate-revoked': (where) => ({
    code: 'certificate-revoked',
    text: `The certificate of ${where} was revoked: nothing was sent.`,
    mend: 'Give the collector a new certificate.',
  }),
  'closed-early': (where) => ({
    code: 'closed-early',
    text: `${where} closed the connection before it surely had everything: the records are sent again.`,
    mend: 'See the log of the syslog server. It must read messages framed as in RFC 5425, and want no certificate of clients.',
  }),
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: (where) => ({
    code: 'client-certificate-wanted',
    text: `${where} wants a certificate of the client: nothing was taken.`,
    mend: 'The agent has none. Let the syslog server take connections without.',
  }),
  'target-forbidden': (where) => ({
    code: 'target-forbidden',
    text: `${where} is an address that the agent may not reach.`,
    mend: 'Use a name, or set upstream.allowPrivateTargets.',
  }),
};

const CREDENTIAL_UNREADABLE: DeliveryProblem = {
  code: 'credential-unreadable',
  text: 'A credential that telemetry.headers names can not be read: nothing was sent.',
  mend: "Put it into credentials/ of the agent's home, readable by the agent's user alone.",
};

const TIMEOUTS = new Set([
  'dns-timeout',
  'connect-timeout',
  'handshake-timeout',
  'header-timeout',
  'timeout',
]);

export function problemOfError(error: unknown, where: string): DeliveryProblem {
  if (error instanceof ReplyTooLarge) return notACollector(where);
  const code = codeOf(error);
  if (code === 'credentials') return CREDENTIAL_UNREADABLE;
  const known = BY_CODE[code];
  if (known !== undefined) return known(where);
  if (TIMEOUTS.has(code) || (error instanceof Error && error.name === 'TimeoutError')) {
    return { code: 'timeout', text: `${where} did not answer in time.`, mend: UNREACHABLE_MEND };
  }
  return { code: 'unreachable', text: `${where} can't be reached (${code}).`, mend: UNREACHABLE_MEND };
}

export function problemOfStatus(status: number, where: string): DeliveryProblem {
  if (status === 401 || status === 403) {
    return {
      code: 'not-authorised',
      text: `${where} refuses the agent (HTTP ${status}).`,
      mend: 'Check the credential in telemetry.headers. Records wait until it is right.',
    };
  }
  if (status === 407) {
    return BY_CODE['proxy-auth']?.(where) ?? notACollector(where);
  }
  if (status === 429 || status >= 500) {
    return {
      code: 'overloaded',
      text: `${where} can't take more now (HTTP ${status}); the agent tries again.`,
    };
  }
  if (status === 400 || status === 413 || status === 422) {
    return {
      code: 'unacceptable',
      text: `${where} does not accept what was sent (HTTP ${status}).`,
      mend: 'See the log of the collector.',
    };
  }
  return {
    code: 'not-a-collector',
    text: `${where} does not answer as an OTLP collector does (HTTP ${status}).`,
    mend: 'telemetry.otlpEndpoint is the base address, without /v1/logs.',
  };
}

export const notACollector = (where: string): DeliveryProblem => ({
  code: 'not-a-collector',
  text: `Something else than an OTLP collector answers at ${where}: a sign-in page, a proxy, or a website.`,
  mend: 'Sign in to the network if it asks for that, and check telemetry.otlpEndpoint.',
});

export const someRejected = (rejected: number, where: string): DeliveryProblem => ({
  code: 'rejected',
  text: `${where} took the batch but for ${rejected} records, which it refused for good.`,
  mend: 'See the log of the collector. The records remain in the log of this device.',
});

/** Whatever it is: so the records can't be the reason. */
export const refusesEverything = ({ text }: DeliveryProblem): DeliveryProblem => ({
  code: 'refuses-everything',
  text: `${text} Not even a heartbeat is accepted, so nothing is given up.`,
  mend: 'Check telemetry.otlpEndpoint, telemetry.otlpProtocol and telemetry.headers, and see the log of the collector.',
});

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

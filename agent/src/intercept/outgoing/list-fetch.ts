import type { Outgoing, UpstreamCall } from '../ports.ts';
import { aborted, outgoingError } from './errors.ts';

/** Sharded lists of public CAs are far smaller; a larger one isn't worth a laptop's time. */
const MAX_BYTES = 4_194_304;
const TIMEOUT_MS = 15_000;

/** A revocation list over plain http (it is signed itself; https would need revocation checks of its own). */
export function fetchList(outgoing: Outgoing, address: string, signal: AbortSignal): Promise<Uint8Array> {
  const url = new URL(address);
  const target = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) };
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    let call: UpstreamCall | undefined;
    const fail = (error: Error): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      call?.abort();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(outgoingError('header-timeout', 'The list took too long.')),
      TIMEOUT_MS,
    );
    const onAbort = (): void => fail(aborted(signal.reason));
    signal.addEventListener('abort', onAbort);
    call = outgoing.request(
      target,
      {
        scheme: 'http',
        method: 'GET',
        path: url.pathname + url.search,
        headers: ['Host', url.host, 'Accept', 'application/pkix-crl, */*'],
        protocol: 'h1',
        body: undefined,
      },
      {
        informational() {},
        head(status) {
          if (status !== 200) fail(outgoingError('protocol-error', `The list's server answered ${status}.`));
        },
        data(chunk) {
          size += chunk.length;
          chunks.push(chunk);
          if (size > MAX_BYTES) fail(outgoingError('protocol-error', 'The list is too large.'));
          return true;
        },
        end() {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
          resolve(Buffer.concat(chunks));
        },
        error: fail,
      },
    );
  });
}

import type { UpstreamHandler } from '../ports.ts';
import { outgoingError } from './errors.ts';

/** On a plain http call through a proxy, a 407 is the proxy's word, not the upstream's (RFC 9110 section 15.5.8). */
export function refuseProxyAnswers(handler: UpstreamHandler, abort: () => void): UpstreamHandler {
  return {
    informational: (status, headers) => handler.informational(status, headers),
    head(status, statusText, headers) {
      if (status !== 407) return handler.head(status, statusText, headers);
      abort();
      handler.error(
        outgoingError(
          'proxy-auth',
          'The proxy wants other credentials (407). Check user name and password in upstream.proxy.',
        ),
      );
    },
    data: (chunk) => handler.data(chunk),
    end: (trailers) => handler.end(trailers),
    error: (error) => handler.error(error),
  };
}

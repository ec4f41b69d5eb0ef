import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Fetcher } from 'tuf-js';
import { DownloadHTTPError, DownloadLengthMismatchError } from 'tuf-js/dist/error.js';
import type { RawHeaders } from '../../core/connection.ts';
import { ReplyTooLarge, type SendHttp } from '../../core/http.ts';
import { PolicySourceError, trouble } from './policy-source-error.ts';

export interface Fetched {
  readonly status: number;
  readonly body: Uint8Array;
  readonly etag: string | undefined;
  /** What the server takes for the time. */
  readonly dateMs: number | undefined;
}

export interface FilesOptions {
  readonly send: SendHttp;
  readonly signal: AbortSignal;
  /** One file has this long, however slowly it trickles; a whole update has a deadline of its own. */
  readonly fileTimeoutMs: number;
  /** Counted for status and for the bench. */
  readonly onBytes: (bytes: number) => void;
}

/** Fetches one file; what stands in the way between here and the server is told apart from what the server says. */
export async function fetchFile(
  url: URL,
  maxBytes: number,
  { send, signal, fileTimeoutMs, onBytes }: FilesOptions,
  etag?: string,
): Promise<Fetched> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(fileTimeoutMs)]);
  try {
    const reply = await send({
      url,
      method: 'GET',
      headers: {
        accept: 'application/json, application/octet-stream',
        'accept-encoding': 'identity',
        'user-agent': 'postern',
        ...(etag !== undefined && { 'if-none-match': etag }),
      },
      signal: deadline,
      maxReplyBytes: maxBytes,
    });
    onBytes(reply.body.length);
    const header = (name: string): string | undefined => headerOf(reply.headers, name);
    refusePortal(reply.status, header('content-type'), header('location'));
    const dateMs = Date.parse(header('date') ?? '');
    return {
      status: reply.status,
      body: reply.body,
      etag: header('etag'),
      dateMs: Number.isNaN(dateMs) ? undefined : dateMs,
    };
  } catch (error) {
    throw asFetchError(error, deadline);
  }
}

function headerOf(headers: RawHeaders, name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name) return headers[index + 1];
  }
  return undefined;
}

/** RFC 6585, 6: 511. Most portals redirect, or answer every address with a page of their own. */
function refusePortal(status: number, type: string | undefined, location: string | undefined): void {
  if (status === 407) throw trouble('proxy-auth', 'A proxy on the way wants other credentials (407).');
  const page = status === 200 && type?.toLowerCase().includes('html') === true;
  if (status === 511 || page || (status >= 300 && status < 400 && status !== 304)) {
    const where = location === undefined || !URL.canParse(location) ? '' : ` (${new URL(location).host})`;
    throw trouble('captive-portal', `A sign-in page answered instead of the policy server${where}.`);
  }
}

function asFetchError(error: unknown, deadline: AbortSignal): unknown {
  if (error instanceof PolicySourceError) return error;
  if (error instanceof ReplyTooLarge) return new DownloadLengthMismatchError('Max length reached');
  if (deadline.aborted) return trouble('timeout', 'The policy server answers too slowly.', error);
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const why = error instanceof Error ? error.message : String(error);
  if (code === 'proxy-auth') return trouble('proxy-auth', why, error);
  return trouble('unreachable', `The policy server can't be reached: ${why}`, error);
}

/** A status that isn't 200, in our words. */
export function statusTrouble(status: number, what: string): PolicySourceError {
  if (status === 404 || status === 410)
    return trouble('not-found', `The policy server has no ${what} (${status}).`);
  if (status === 401 || status === 403)
    return trouble('forbidden', `The policy server doesn't hand out ${what} (${status}).`);
  return trouble('server-error', `The policy server answered ${status} for ${what}.`);
}

/**
 * tuf-js's way out: through the agent's own, and nothing is kept on disk but in `folder`. `known` answers for what has
 * been fetched already.
 */
export function tufFetcher(
  options: FilesOptions,
  folder: string,
  known: ReadonlyMap<string, Uint8Array>,
  onRoot: (version: number, bytes: Uint8Array) => void,
): Fetcher {
  const downloadBytes = async (url: string, maxLength: number): Promise<Buffer> => {
    const name = url.slice(url.lastIndexOf('/') + 1);
    const present = known.get(url);
    if (present !== undefined) return Buffer.from(present);
    const { status, body } = await fetchFile(new URL(url), maxLength, options);
    // tuf-js takes exactly these for "there is no newer root" (specification 5.3.3).
    if (status === 403 || status === 404) {
      if (name.endsWith('.root.json')) throw new DownloadHTTPError('no newer root', status);
    }
    if (status !== 200) throw statusTrouble(status, name);
    const root = /^(\d+)\.root\.json$/.exec(name);
    if (root !== null) onRoot(Number(root[1]), body);
    return Buffer.from(body);
  };
  return {
    downloadBytes,
    async downloadFile(url, maxLength, handler) {
      const directory = mkdtempSync(path.join(folder, 'part-'));
      try {
        const file = path.join(directory, 'file');
        writeFileSync(file, await downloadBytes(url, maxLength), { mode: 0o600 });
        return await handler(file);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

/** The edge's own answers: one sentence for a person, one code for a program. */
import { STATUS_CODES } from 'node:http';
import type { LocalResponse } from '../../core/flow.ts';

/** An error body that OpenAI, Anthropic and Gemini clients all find their message in. */
export function errorAnswer(status: number, code: string, message: string): LocalResponse {
  return {
    status,
    headers: ['content-type', 'application/json; charset=utf-8', 'cache-control', 'no-store'],
    body: JSON.stringify({ type: 'error', error: { type: 'postern_error', code, message } }),
  };
}

export function textAnswer(status: number, sentence: string): LocalResponse {
  return { status, headers: ['content-type', 'text/plain; charset=utf-8'], body: `${sentence}\n` };
}

/** For sockets that HTTP has let go of (CONNECT) or never understood. Ends the connection. */
export function rawAnswer(status: number, sentence: string): string {
  const body = `${sentence}\n`;
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n` +
    'Content-Type: text/plain; charset=utf-8\r\n' +
    `Content-Length: ${Buffer.byteLength(body)}\r\n` +
    `Connection: close\r\n\r\n${body}`
  );
}

export const MISDIRECTED = errorAnswer(
  421,
  'misdirected',
  'Postern refused this request: the host it names is not the host this connection was opened to.',
);

export const DEFECT = errorAnswer(
  500,
  'postern-defect',
  'Postern could not check this request because of a fault of its own, so it was not sent. Please report this.',
);

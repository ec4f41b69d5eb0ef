/** The edge's own answers: one sentence for a person, one code for a program. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
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

/** How long a client may take to read a last answer and close. */
const LAST_ANSWER_MS = 1_000;

/** For sockets that HTTP has let go of (CONNECT) or never understood. Ends the connection. */
export function sendLastAnswer(socket: Duplex, status: number, sentence: string): void {
  const body = `${sentence}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n` +
      'Content-Type: text/plain; charset=utf-8\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
  // Closing over unread bytes would reset the connection, and the client might never see the answer.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LAST_ANSWER_MS);
  socket.once('close', () => clearTimeout(timer));
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

/**
 * The decision path alone: a body is read, searched, decided on and, if refused, put into the provider's words.
 * No sockets. A resent conversation has one new message; the others were seen before.
 */
import { decideRequest } from '../../agent/src/decide/decide.ts';
import { createScanCache } from '../../agent/src/guard/scan-cache.ts';
import { readBody } from '../../agent/src/journey/read-body.ts';
import { scanRequest } from '../../agent/src/journey/scan-parts.ts';
import { CLAUDE, NOW_MS, starterOf } from '../kit/decide.ts';
import { number } from './report.ts';
import { percentile } from './scenarios.ts';

const PATH = '/v1/chat/completions';
const SENTENCE =
  'The function returns early when its argument is undefined, so check that before you call it. ';
const policy = starterOf('baseline');

interface Case {
  readonly what: string;
  /** Bodies in turn, so that no text is answered from the cache unless the case is about that. */
  body(round: number): Uint8Array;
  readonly goalMs: number | undefined;
}

const CASES: readonly Case[] = [
  { what: '1 KB', body: (round) => chat(1_024, 1, round), goalMs: 0.011 },
  { what: '8 KB', body: (round) => chat(8_192, 4, round), goalMs: 0.08 },
  { what: '100 KB', body: (round) => chat(102_400, 20, round), goalMs: undefined },
  { what: 'resent 1 MB, one new message', body: (round) => chat(1_048_576, 200, round, true), goalMs: 5 },
];

/** `messages` messages that fill `bytes`; with `resent` only the last one differs from round to round. */
function chat(bytes: number, messages: number, round: number, resent = false): Uint8Array {
  const each = Math.floor(bytes / messages) - 40;
  const content = (index: number): string => {
    const isNew = !resent || index === messages - 1;
    const start = isNew ? `Message ${index} of round ${round}. ` : `Message ${index}. `;
    return (start + SENTENCE.repeat(Math.ceil(each / SENTENCE.length))).slice(0, each);
  };
  const list = Array.from({ length: messages }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: content(index),
  }));
  return Buffer.from(JSON.stringify({ model: 'gpt-4o-mini', messages: list }));
}

export async function benchDecisionPath(): Promise<void> {
  const location = policy.locate('api.openai.com', 'POST', PATH, false);
  if (location === undefined) throw new Error('the catalogue has lost api.openai.com');
  const call = { id: 'bench', nowMs: NOW_MS, user: 'bench', device: 'bench', app: CLAUDE, location };
  console.log('\n| decision path | p50 ms | goal ms | met |\n|---|---|---|---|');
  for (const { what, body, goalMs } of CASES) {
    const cache = createScanCache();
    const once = (bytes: Uint8Array): void => {
      const read = readBody(bytes, location, PATH, 'application/json');
      if (!read.ok) throw new Error('the bench made a body that cannot be read');
      const subject = { exchange: read.exchange, bytes: bytes.length, nowMs: NOW_MS };
      const scanned = scanRequest(policy, subject, cache);
      if (scanned instanceof Promise) throw new Error('the baseline policy asks no other service');
      decideRequest(policy, { ...call, ...subject, ...scanned });
    };
    const rounds = bodiesFor(body);
    for (const bytes of rounds) once(bytes);
    const timesMs = rounds.map((_, index) => {
      const bytes = body(rounds.length + index);
      const startedMs = performance.now();
      once(bytes);
      return performance.now() - startedMs;
    });
    const reached = percentile(timesMs, 0.5);
    const met = goalMs === undefined ? '–' : reached <= goalMs ? 'yes' : 'no';
    console.log(
      `| ${what} | ${reached < 0.1 ? reached.toFixed(4) : number(reached)} | ${goalMs ?? '–'} | ${met} |`,
    );
  }
}

/** Enough rounds to be warm: many small bodies, few large ones. */
function bodiesFor(body: (round: number) => Uint8Array): Uint8Array[] {
  const count = Math.min(3000, Math.max(30, Math.round(4_000_000 / body(0).length)));
  return Array.from({ length: count }, (_, round) => body(round));
}

/**
 * Speed of the secrets detector, and its findings on text that should have none.
 *
 *   node test/bench/secrets.ts [directory …]      directories of benign sources; default: node_modules
 *   node test/bench/secrets.ts --show high DIR    print the findings of that confidence (source, not secrets: look at them)
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createScanCache } from '../../agent/src/guard/scan-cache.ts';
import { createSecretsDetector } from '../../agent/src/guard/secrets/build.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { show: { type: 'string' } } });
const MAX_BYTES = 40e6;
const MAX_FILE_CHARS = 3e6;
const detector = createSecretsDetector();

function* sourceTexts(directory: string): Generator<{ path: string; text: string }> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* sourceTexts(path);
    else if (entry.isFile() && /\.(?:[cm]?[jt]sx?|go|py|md|json|[ch]|ya?ml|java|rs|txt)$/.test(entry.name)) {
      yield { path, text: readFileSync(path, 'utf8') };
    }
  }
}

function medianMs(run: () => void, rounds = 41): number {
  const times = Array.from({ length: rounds }, () => {
    const startedAt = performance.now();
    run();
    return performance.now() - startedAt;
  });
  return times.sort((a, b) => a - b)[rounds >> 1] as number;
}

function benchSpeed(): void {
  const code = readFileSync('node_modules/typescript/lib/typescript.js', 'utf8').slice(2_000_000, 3_048_576);
  for (const [name, chars] of [
    ['1 KB', 1024],
    ['8 KB', 8192],
    ['100 KB', 102_400],
    ['1 MB', 1_048_576],
  ] as const) {
    const text = code.slice(0, chars);
    console.log(`scan ${name.padEnd(7)} ${medianMs(() => detector.scan(text)).toFixed(3)} ms`);
  }
  const messages = code.match(/[\s\S]{1,8192}/g) ?? [];
  const json = JSON.stringify(messages);
  const cache = createScanCache();
  const resend = () => {
    for (const message of JSON.parse(json) as string[]) cache.scan(detector, message);
  };
  resend();
  const parseMs = medianMs(() => JSON.parse(json));
  console.log(`resent conversation of 1 MB, beyond parsing it ${(medianMs(resend) - parseMs).toFixed(3)} ms`);

  const deltas = (code.slice(0, 200_000).match(/\s?\w+|\W/g) ?? []).slice(0, 40_000);
  const stream = detector.openStream();
  let length = 0;
  let held = 0;
  const startedAt = performance.now();
  for (const delta of deltas) {
    length += delta.length;
    if (stream.push(delta).safeUpTo < length) held++;
  }
  const perDeltaUs = ((performance.now() - startedAt) * 1000) / deltas.length;
  console.log(
    `stream of source code ${perDeltaUs.toFixed(2)} µs per delta, ${((100 * held) / deltas.length).toFixed(1)} % of deltas held`,
  );
}

function countFindings(directory: string): void {
  const counts = new Map<string, number>();
  let chars = 0;
  for (const { path, text } of sourceTexts(directory)) {
    if (chars > MAX_BYTES) break;
    if (text.length > MAX_FILE_CHARS) continue;
    chars += text.length;
    for (const { confidence, kind, start, end } of detector.scan(text)) {
      for (const key of [confidence, `${confidence} ${kind}`]) counts.set(key, (counts.get(key) ?? 0) + 1);
      if (confidence === values.show)
        console.log(
          `${path}:${kind}: ${JSON.stringify(text.slice(Math.max(0, start - 30), Math.min(end, start + 60)))}`,
        );
    }
  }
  const megabytes = chars / 1e6;
  console.log(`\n${directory}: ${megabytes.toFixed(1)} MB`);
  for (const [key, count] of [...counts].sort()) {
    console.log(`  ${key.padEnd(40)} ${String(count).padStart(5)}  ${(count / megabytes).toFixed(2)} per MB`);
  }
}

benchSpeed();
for (const directory of positionals.length > 0 ? positionals : ['node_modules']) countFindings(directory);

import { createHash } from 'node:crypto';

/** `{{A-Z2-7:16}}`: characters and ranges, then how many. */
const SAMPLE = /\{\{([^{}]+):(\d{1,6})\}\}/g;

/**
 * Fills in the samples of a text: random characters, the same for the same seed, so that a case file holds no
 * credential for a scanner to find. The same sample twice in one case is the same text.
 */
export function fillSamples(text: string, seed: string): string {
  return text.replace(SAMPLE, (_, set: string, count: string) =>
    sample(expand(set), Number(count), `${seed}\n${set}:${count}`),
  );
}

function sample(alphabet: string, length: number, seed: string): string {
  let text = '';
  for (let block = 0; text.length < length; block++) {
    for (const byte of createHash('sha256').update(`${seed}\n${block}`).digest()) {
      text += alphabet[byte % alphabet.length];
    }
  }
  return text.slice(0, length);
}

/** `A-Z2-7` to its characters. */
function expand(set: string): string {
  return set.replace(/(.)-(.)/g, (range, from: string, to: string) => {
    const first = from.charCodeAt(0);
    const count = to.charCodeAt(0) - first + 1;
    if (count < 1) return range;
    return String.fromCharCode(...Array.from({ length: count }, (_, index) => first + index));
  });
}

/**
 * Finds all of a set of keywords in one pass (Aho and Corasick, "Efficient string matching", CACM 18(6), 1975),
 * as a dense table: one array read per character, whatever the number of keywords. ASCII case is folded.
 */
export interface KeywordAutomaton {
  /** `next = table[state + classOf[codeUnit]]`; states are multiplied by the row length; a hit is the complement (`~`). */
  readonly table: Int32Array;
  /** Column of every UTF-16 code unit; 0 for those in no keyword. */
  readonly classOf: Uint8Array;
  /** By state divided by `rowLength`: indices of the keywords that end there. */
  readonly output: readonly (readonly number[])[];
  /** By state divided by `rowLength`: length of the longest keyword prefix that ends there. */
  readonly depth: Uint8Array;
  readonly rowLength: number;
}

const UPPER_A = 65;
const UPPER_Z = 90;
const CASE_DISTANCE = 32;

/** `keywords` are lower-case ASCII, at most 255 characters each. */
export function buildKeywordAutomaton(keywords: readonly string[]): KeywordAutomaton {
  const classOf = new Uint8Array(65_536);
  let classes = 1;
  for (const keyword of keywords) {
    for (let i = 0; i < keyword.length; i++) {
      const unit = keyword.charCodeAt(i);
      if (classOf[unit] === 0) classOf[unit] = classes++;
    }
  }
  for (let unit = UPPER_A; unit <= UPPER_Z; unit++) classOf[unit] = classOf[unit + CASE_DISTANCE] as number;

  const trie = buildTrie(keywords, classOf, classes);
  const states = trie.children.length;
  const failure = new Int32Array(states);
  const table = new Int32Array(states * classes);
  const queue: number[] = [];
  for (const child of (trie.children[0] as Int32Array).values()) if (child > 0) queue.push(child);
  copyRow(table, trie.children[0] as Int32Array, 0, classes);

  for (let head = 0; head < queue.length; head++) {
    const state = queue[head] as number;
    const fallback = failure[state] as number;
    (trie.output[state] as number[]).push(...(trie.output[fallback] as number[]));
    const row = trie.children[state] as Int32Array;
    for (let column = 0; column < classes; column++) {
      const child = row[column] as number;
      const viaFailure = table[fallback * classes + column] as number;
      if (child < 0) {
        table[state * classes + column] = viaFailure;
      } else {
        failure[child] = viaFailure;
        table[state * classes + column] = child;
        queue.push(child);
      }
    }
  }
  for (let i = 0; i < table.length; i++) {
    const next = table[i] as number;
    const row = next * classes;
    table[i] = (trie.output[next] as number[]).length > 0 ? ~row : row;
  }
  return { table, classOf, output: trie.output, depth: Uint8Array.from(trie.depth), rowLength: classes };
}

interface Trie {
  readonly children: Int32Array[];
  readonly output: number[][];
  readonly depth: number[];
}

function buildTrie(keywords: readonly string[], classOf: Uint8Array, classes: number): Trie {
  const trie: Trie = { children: [new Int32Array(classes).fill(-1)], output: [[]], depth: [0] };
  keywords.forEach((keyword, index) => {
    let state = 0;
    for (let i = 0; i < keyword.length; i++) {
      const row = trie.children[state] as Int32Array;
      const column = classOf[keyword.charCodeAt(i)] as number;
      let next = row[column] as number;
      if (next < 0) {
        next = trie.children.length;
        row[column] = next;
        trie.children.push(new Int32Array(classes).fill(-1));
        trie.output.push([]);
        trie.depth.push(i + 1);
      }
      state = next;
    }
    (trie.output[state] as number[]).push(index);
  });
  return trie;
}

function copyRow(table: Int32Array, row: Int32Array, state: number, classes: number): void {
  for (let column = 0; column < classes; column++) {
    table[state * classes + column] = Math.max(0, row[column] as number);
  }
}

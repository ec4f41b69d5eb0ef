const SMALL_BYTES = 512;
const MANY_CHUNKS = 64;
const BLOCK_BYTES = 16_384;

/** Chunks as they came off a socket, read in pieces of other sizes without joining what needn't be joined. */
export class ByteQueue {
  readonly #chunks: Buffer[] = [];
  /** Index of the first chunk that isn't used up, and how much of it is. */
  #first = 0;
  #offset = 0;
  #length = 0;
  /** The last chunk is a part of this block, while crumbs are gathered. */
  #block: Buffer | undefined;
  #blockUsed = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#length += chunk.length;
    const isDribble = chunk.length <= SMALL_BYTES && this.#chunks.length - this.#first > MANY_CHUNKS;
    if (isDribble) this.#append(chunk);
    else {
      this.#block = undefined;
      this.#chunks.push(chunk);
    }
  }

  /** A message that comes in crumbs would cost a hundred bytes of bookkeeping per byte: gather them in blocks. */
  #append(chunk: Buffer): void {
    if (this.#block === undefined || this.#block.length - this.#blockUsed < chunk.length) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#blockUsed = 0;
      this.#chunks.push(this.#block.subarray(0, 0));
    }
    const last = this.#chunks.length - 1;
    const begin = this.#blockUsed - (this.#chunks[last] as Buffer).length;
    this.#block.set(chunk, this.#blockUsed);
    this.#blockUsed += chunk.length;
    this.#chunks[last] = this.#block.subarray(begin, this.#blockUsed);
  }

  /** The next `count` bytes or fewer, left in place. */
  peek(count: number): Buffer {
    const chunk = this.#chunks[this.#first];
    if (chunk === undefined) return Buffer.alloc(0);
    const inFirst = chunk.subarray(this.#offset, this.#offset + count);
    if (inFirst.length >= Math.min(count, this.#length)) return inFirst;
    const parts = [inFirst];
    let missing = count - inFirst.length;
    for (let i = this.#first + 1; missing > 0; i++) {
      const next = this.#chunks[i];
      if (next === undefined) break;
      parts.push(next.subarray(0, missing));
      missing -= next.length;
    }
    return Buffer.concat(parts);
  }

  /** Takes exactly `count` bytes, which must be there, as slices of the chunks. */
  take(count: number): Buffer[] {
    const taken: Buffer[] = [];
    this.#length -= count;
    for (let missing = count; missing > 0; ) {
      const chunk = this.#chunks[this.#first] as Buffer;
      const piece = chunk.subarray(this.#offset, this.#offset + missing);
      taken.push(piece);
      missing -= piece.length;
      this.#offset += piece.length;
      if (this.#offset === chunk.length) {
        this.#first++;
        this.#offset = 0;
      }
    }
    this.#dropUsed();
    return taken;
  }

  #dropUsed(): void {
    if (this.#first === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#block = undefined;
      this.#first = 0;
    } else if (this.#first > 64 && this.#first * 2 > this.#chunks.length) {
      this.#chunks.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

/**
 * Finds what belongs to a host name: exact names and `*.` suffixes. It is on the path of every connection of the
 * machine, so a miss costs one look-up per label and nothing else.
 */
export class HostTable<Entry> {
  readonly #exact = new Map<string, Entry>();
  readonly #suffixes = new Map<string, Entry>();

  /** `pattern`: a lower-case name, or `*.` and a name. */
  set(pattern: string, entry: Entry): void {
    if (pattern.startsWith('*.')) this.#suffixes.set(pattern.slice(2), entry);
    else this.#exact.set(pattern, entry);
  }

  /** The entry set for exactly this pattern. */
  at(pattern: string): Entry | undefined {
    return pattern.startsWith('*.') ? this.#suffixes.get(pattern.slice(2)) : this.#exact.get(pattern);
  }

  /** The exact entry, else that of the longest suffix. `host` is lower-case, without a trailing dot. */
  find(host: string): Entry | undefined {
    const exact = this.#exact.get(host);
    return exact !== undefined || this.#suffixes.size === 0 ? exact : this.#findSuffix(host);
  }

  /** What a pattern falls under when it has no entry of its own. */
  covering(pattern: string): Entry | undefined {
    return pattern.startsWith('*.') ? this.#findSuffix(`x.${pattern.slice(2)}`) : this.find(pattern);
  }

  *patterns(): Iterable<readonly [string, Entry]> {
    yield* this.#exact;
    for (const [suffix, entry] of this.#suffixes) yield [`*.${suffix}`, entry];
  }

  #findSuffix(host: string): Entry | undefined {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const entry = this.#suffixes.get(host.slice(dot + 1));
      if (entry !== undefined) return entry;
    }
    return undefined;
  }
}

/** True if every name that `inner` stands for is one that `outer` stands for. */
export function coversPattern(outer: string, inner: string): boolean {
  if (outer === inner) return true;
  if (!outer.startsWith('*.')) return false;
  return inner.endsWith(outer.slice(1)) && inner.length > outer.length - 1;
}

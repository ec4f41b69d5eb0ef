/** What stands for text that was taken out of a call. */

/** A mask for good. No quotes, backslashes or angle brackets: safe inside JSON in JSON, shells and HTML. */
export const maskFor = (kind: string): string => `[REDACTED:${kind}]`;

/** Gives out reversible placeholders and remembers what they stand for. */
export interface Vault {
  /** The word that stands for `value` towards `service`: the same value, the same word, so that prompt caches hold. */
  placeholderFor(service: string, hidden: HiddenValue): string;
  /** What a word that ends in this code stands for, if it was made for this service. */
  find(service: string, code: string): VaultEntry | undefined;
  /** True if some word was made for this service. */
  knows(service: string): boolean;
}

export interface HiddenValue {
  /** Of the finding: names the placeholder. */
  readonly kind: string;
  readonly value: string;
  /** False: the word stays in the model's tool calls, so that no tool gets the value. */
  readonly restoreInToolCalls: boolean;
}

export interface VaultEntry extends HiddenValue {
  readonly service: string;
  readonly code: string;
  readonly placeholder: string;
  readonly createdAtMs: number;
}

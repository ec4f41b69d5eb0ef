/**
 * Units that must not be mixed up, as branded numbers: a `NanoUsd` can't be passed where `Tokens` is wanted.
 * `core/` is the vocabulary of the whole agent; it imports nothing but policy types.
 */
declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]: Name };

/** Integer billionths of a US dollar. Safe as a number up to 9 million dollars. */
export type NanoUsd = Unit<'NanoUsd'>;
/** Model tokens, as the provider counts them unless marked estimated. */
export type Tokens = Unit<'Tokens'>;

export const nanoUsd = (value: number): NanoUsd => Math.round(value) as NanoUsd;
export const tokens = (value: number): Tokens => value as Tokens;

import type { en } from './en.ts';

/** A sentence, or one for each plural form that the language has. `{name}` is filled in. */
export type Message = string | { readonly one: string; readonly other: string };
export type MessageKey = keyof typeof en;
export type Messages = Readonly<Record<MessageKey, Message>>;
/** A part of the catalogue in another language: the same keys, no more and no fewer. */
export type Translation<Source> = Readonly<Record<keyof Source, Message>>;
export type MessageValues = Readonly<Record<string, string | number>>;

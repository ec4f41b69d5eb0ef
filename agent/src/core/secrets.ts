import type { Problem } from './problem.ts';

/** Where tokens and typed keys lie at rest. `platform` implements it; nothing that is read here may reach a log. */
export interface SecretStore {
  /** Undefined if there is none, or while the store can't be opened (`problem` says so). */
  get(name: string): Promise<string | undefined>;
  /** Kept in memory while the store can't be opened, and written once it can. */
  set(name: string, value: string): Promise<void>;
  delete(name: string): Promise<void>;
  names(): Promise<readonly string[]>;
  /** `unopened`: nothing was asked of it yet. */
  readonly kept: 'unopened' | 'keychain' | 'file' | 'memory';
  readonly problem: Problem | undefined;
}

/** Entries of the OS keychain that others put there: device management, an administrator. */
export interface KeychainReader {
  /** Never waits longer than a few seconds, whatever the keychain does. */
  read(account: string): Promise<KeychainAnswer>;
}

export type KeychainAnswer =
  | { readonly kind: 'found'; readonly value: string }
  | { readonly kind: 'none' }
  /** `locked`: it is there but wants its password. `silent`: it didn't answer in time. */
  | { readonly kind: 'absent' | 'locked' | 'silent' | 'failed'; readonly why: string };

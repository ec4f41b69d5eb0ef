import type { GuardrailRule } from '../../../../policies/schema/policy.ts';
import type { Match } from '../../core/finding.ts';
import type { RemoteText } from '../../core/remote.ts';

export type RemoteRule = Extract<GuardrailRule, { detect: 'remote' }>;

/** One HTTP call about one or more texts. */
export interface ProviderCall {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The parsed reply to matches, one list per text. Throws on anything but the published shape. */
  read(reply: unknown): readonly (readonly Match[])[];
}

export interface Question {
  readonly texts: readonly RemoteText[];
  readonly direction: 'request' | 'response';
  /** The date. */
  readonly nowMs: number;
  /** Content of the credential file; undefined if the rule names none. */
  readonly credential: string | undefined;
}

/** What is particular about a service. It makes calls and reads replies; sending them is not its business. */
export interface Provider {
  /** Longest text in one call, in UTF-16 code units. */
  readonly maxChars: number;
  /** Texts in one call. */
  readonly maxTexts: number;
  /** Every call's matches add up. */
  calls(question: Question): Promise<readonly ProviderCall[]>;
}

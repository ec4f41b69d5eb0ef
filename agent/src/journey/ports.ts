import type { Forecaster } from '../account/forecast.ts';
import type { AttachmentOpener } from '../core/attachment.ts';
import type { PolicyException } from '../core/exception.ts';
import type { Detector, Match } from '../core/finding.ts';
import type { Gateway } from '../core/gateway.ts';
import type { Vault } from '../core/placeholder.ts';
import type { ExchangeRecord, Recorder } from '../core/records.ts';
import type { Spend } from '../core/spend.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { Turns } from './turns.ts';

/** What the journey needs of the world: a policy, a clock, identifiers, and somewhere to put its records. */
export interface JourneyPorts {
  /** The policy in force now; a flow keeps the one it began with. */
  policy(): CompiledPolicy;
  /** Matches in a complete text; remembers texts it has seen, so that a resent conversation costs little. */
  scan(detector: Detector, text: string): readonly Match[];
  /** Opens what is attached to requests; absent only where nothing is attached. */
  readonly attachments?: AttachmentOpener;
  /** Where money is counted; without it nothing is held or stopped. */
  readonly spend?: { readonly book: Spend; readonly forecaster: Forecaster };
  /**
   * Ends when the event loop has served what else was waiting. Absent: large bodies are read in one go.
   */
  pause?(): Promise<void>;
  readonly recorder: Recorder;
  nowMs(): number;
  newId(): string;
  readonly device: string;
  user(): string;
  /** The company's gateway, if one is configured now. */
  gateway?(): Gateway | undefined;
  /** Ways that running tool loops took; made by the journey. */
  readonly turns?: Turns;
  /** Remembers what reversible placeholders stand for. */
  readonly vault?: Vault;
  /** The reason in force for calls of this app that the rule would stop. */
  exceptionFor?(ruleId: string, appId: string, nowMs: number): PolicyException | undefined;
  /** What still runs after a call has ended (another service's opinion for its record): stopping waits for it. */
  track?(work: Promise<void>): void;
  /**
   * A rule could not be applied to a call, or (`ofPolicy` false) its body could not be read: for counters, and for
   * whoever watches what a new policy does.
   */
  failed?(id: string, ofPolicy: boolean): void;
  /** After an exchange is handed to the recorder: for the tray and `watch`. */
  onExchange?(record: ExchangeRecord): void;
}

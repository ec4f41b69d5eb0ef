import type { ExchangeRequest, PartKind, Role } from './exchange.ts';

export type Confidence = 'low' | 'medium' | 'high';
export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** What a detector saw in one text. Offsets are UTF-16 code units into that text. */
export interface Match {
  /** Stable kebab-case id of what was found: `aws-access-key-id`. */
  readonly kind: string;
  /** Its name in the employee's words: `AWS access key`. */
  readonly label: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** The sensitive characters themselves (not their context), end exclusive. */
  readonly start: number;
  readonly end: number;
}

/** A match that knows which text of the exchange it is in. */
export interface PlacedMatch extends Match {
  /** RFC 6901 pointer of the string that holds it (request), or the channel name (response). */
  readonly place: string;
  readonly partKind: PartKind | 'refusal';
  readonly role: Role;
}

/** A match, placed in the exchange. Never carries the matched text itself. */
export interface Finding extends PlacedMatch {
  /** Key of the detector in the policy's `DetectorSet`: `secrets`, `pattern:codenames`. */
  readonly detector: string;
  readonly direction: 'request' | 'response';
}

/** Finds things in text. Pure: no clock, no I/O. May throw; the guardrail's failure mode then decides. */
export interface Detector {
  readonly id: string;
  /** All matches in a complete text, by start offset. */
  scan(text: string): readonly Match[];
  /** The same, for text that arrives in pieces. */
  openStream(): StreamScanner;
}

/** Looks at a request as a whole rather than at one text: its size, its attachments, another service's opinion. */
export interface RequestDetector {
  readonly id: string;
  readonly scope: 'request';
  /** A promise only where another service is asked; a rejection is a failure of the detector. */
  inspect(subject: RequestSubject): readonly PlacedMatch[] | Promise<readonly PlacedMatch[]>;
  /** Absent: it has nothing to say about answers. Asked when an answer is complete, or of stretches of a stream. */
  inspectAnswer?(texts: readonly AnswerText[]): Promise<readonly PlacedMatch[]>;
  /** Of a streamed answer that may be stopped: asked about this many characters at a time, and as many before them. */
  readonly windowChars?: number;
}

/** Everything that an answer said on one channel. */
export interface AnswerText {
  readonly channel: string;
  readonly kind: PlacedMatch['partKind'];
  readonly text: string;
}

/** A failure whose message was written for people, holds nothing of what was searched, and follows "its detector". */
export class DetectorError extends Error {
  override readonly name = 'DetectorError';
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface RequestSubject {
  readonly exchange: ExchangeRequest;
  /** Decoded size of the body. */
  readonly bytes: number;
  readonly nowMs: number;
}

export type AnyDetector = Detector | RequestDetector;

export const isRequestDetector = (detector: AnyDetector): detector is RequestDetector => 'scope' in detector;

/** The detectors of one policy, made once when it is taken over. */
export interface DetectorSet {
  /** For each guardrail of the policy, in order, the key of its detector. */
  readonly keys: readonly string[];
  readonly byKey: Readonly<Record<string, AnyDetector>>;
}

/**
 * Scans one growing text. The set of matches never depends on how the text was cut into deltas.
 * Offsets count from the start of the whole text.
 */
export interface StreamScanner {
  push(delta: string): StreamScan;
  /** No more text: what was only waiting for a terminator is decided now. */
  end(): StreamScan;
}

export interface StreamScan {
  /** Matches that have become certain, each reported once. */
  readonly matches: readonly Match[];
  /** No later match can start before this offset: text up to here may be released. */
  readonly safeUpTo: number;
}

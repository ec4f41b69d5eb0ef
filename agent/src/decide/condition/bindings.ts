import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Service } from '../../../../policies/schema/catalogue.ts';
import type { AppIdentity } from '../../core/decision.ts';
import type { ExchangeRequest } from '../../core/exchange.ts';
import type { Finding } from '../../core/finding.ts';
import { CONFIDENCES, SEVERITIES } from '../ranks.ts';

/** Loops over lists are bounded by these, together with the checker's limit on nesting. */
const MAX_ITEMS = 128;

/** Of texts that a client chooses: conditions take time with their length. No real name is longer. */
const MAX_TEXT = 256;
const bounded = (text: string): string => text.slice(0, MAX_TEXT);

/** What is known about a call when a condition is evaluated. */
export interface ConditionFacts {
  readonly user: string;
  readonly device: string;
  readonly app: AppIdentity;
  readonly appKind: string | undefined;
  readonly service: Service;
  readonly host: string;
  readonly operation: string;
  readonly nowMs: number;
  readonly exchange: ExchangeRequest | undefined;
  readonly bytes: number;
  readonly tokensEstimate: number | undefined;
}

type Row = Readonly<Record<string, string | bigint>>;

/**
 * The values of a condition's variables. Each is made when a condition first asks for it, and kept for the other
 * conditions of the same call. An absent text is '' and an absent number 0: CEL has no undefined.
 */
export class Bindings {
  readonly #facts: ConditionFacts;
  readonly #made = new Map<string, unknown>();
  #findings: readonly Finding[];

  constructor(facts: ConditionFacts, findings: readonly Finding[]) {
    this.#facts = facts;
    this.#findings = findings;
  }

  /** Evaluate from now on with these findings. */
  setFindings(findings: readonly Finding[]): void {
    if (findings === this.#findings) return;
    this.#findings = findings;
    this.#made.delete('findings');
  }

  get user(): Row {
    return this.#once('user', () => ({ id: this.#facts.user }));
  }

  get device(): Row {
    return this.#once('device', () => ({ id: this.#facts.device }));
  }

  get app(): Row {
    const { app, appKind } = this.#facts;
    return this.#once('app', () => ({
      id: app.id,
      name: app.name,
      kind: appKind ?? '',
      identifiedBy: app.identifiedBy,
    }));
  }

  get service(): Row {
    const { service, host } = this.#facts;
    return this.#once('service', () => ({
      id: service.id,
      name: service.name,
      vendor: service.vendor,
      kind: service.kind,
      host,
    }));
  }

  get model(): string {
    return bounded(this.#facts.exchange?.model ?? '');
  }

  get operation(): string {
    return this.#facts.operation;
  }

  get request(): Readonly<Record<string, unknown>> {
    const { exchange, bytes } = this.#facts;
    return this.#once('request', () => ({
      tokensEstimate: BigInt(this.#tokens()),
      bytes: BigInt(Math.trunc(bytes)),
      stream: exchange?.stream ?? false,
      tools: exchange?.tools.slice(0, MAX_ITEMS).map(bounded) ?? [],
      attachments: attachmentsOf(exchange),
    }));
  }

  get findings(): readonly Row[] {
    return this.#once('findings', () =>
      strongest(this.#findings).map((finding) => ({
        kind: finding.kind,
        label: finding.label,
        detector: finding.detector,
        severity: finding.severity,
        confidence: finding.confidence,
        direction: finding.direction,
        part: finding.partKind,
        place: bounded(finding.place),
        role: finding.role,
      })),
    );
  }

  get time(): Timestamp {
    return this.#once('time', () => timestampFromMs(this.#facts.nowMs));
  }

  /** About four characters make a token; good enough for a threshold where nobody counted better. */
  #tokens(): number {
    const { exchange, tokensEstimate } = this.#facts;
    if (tokensEstimate !== undefined) return Math.trunc(tokensEstimate);
    let characters = 0;
    for (const part of exchange?.parts ?? []) characters += part.text?.length ?? 0;
    return Math.ceil(characters / 4);
  }

  #once<Value>(name: string, make: () => Value): Value {
    const made = this.#made.get(name);
    if (made !== undefined) return made as Value;
    const value = make();
    this.#made.set(name, value);
    return value;
  }
}

/** At most MAX_ITEMS; what is cut are the weakest, so that noise can't push a strong finding out of sight. */
function strongest(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= MAX_ITEMS) return findings;
  return [...findings].sort((a, b) => strength(b) - strength(a)).slice(0, MAX_ITEMS);
}

const strength = ({ severity, confidence }: Finding) =>
  CONFIDENCES.indexOf(confidence) * SEVERITIES.length + SEVERITIES.indexOf(severity);

function attachmentsOf(exchange: ExchangeRequest | undefined): Row[] {
  const rows: Row[] = [];
  for (const part of exchange?.parts ?? []) {
    if (part.within !== undefined || part.spells !== undefined) continue;
    if (part.kind !== 'image' && part.kind !== 'file' && part.kind !== 'audio') continue;
    if (rows.length === MAX_ITEMS) break;
    rows.push({
      kind: part.kind,
      mediaType: bounded(part.mediaType ?? ''),
      fileName: bounded(part.fileName ?? ''),
      bytes: BigInt(part.bytes ?? 0),
    });
  }
  return rows;
}

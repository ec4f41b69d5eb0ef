/**
 * remote-checks/ asks other services what they think of a text: Bedrock Guardrails, Azure AI Content Safety, Patronus,
 * Presidio, or a company's own. It sends what people wrote, so it sends over TLS through the way that everything else
 * takes (given by main), or to this very machine; it keeps no text, only hashes of what was answered. It decides nothing.
 */
import type { SendHttp } from '../../core/http.ts';
import type { RemoteCheck } from '../../core/remote.ts';
import { noCounts, type RemoteCounters } from './counters.ts';
import { readCredential } from './credentials.ts';
import type { Provider, RemoteRule } from './provider.ts';
import { createAzureContentSafety } from './providers/azure-content-safety.ts';
import { createBedrock } from './providers/bedrock.ts';
import { createPatronus } from './providers/patronus.ts';
import { createPresidio } from './providers/presidio.ts';
import { createWebhook } from './providers/webhook.ts';
import { ServiceCheck } from './remote-check.ts';

export interface RemoteChecksOptions {
  /** HTTPS to the outside, or plain HTTP to this machine. */
  readonly send: SendHttp;
  /** Where credential files given by name are. */
  readonly credentialsDirectory: string;
  /** Never set back. */
  readonly nowMs: () => number;
  readonly dateMs: () => number;
  /** Something a person may have to know; `code` is kebab-case. */
  readonly log: (code: string, detail: string) => void;
}

export interface RemoteChecks {
  checkFor(rule: RemoteRule): RemoteCheck;
  /** By rule id, of the policy last taken over. */
  counters(): Readonly<Record<string, Readonly<RemoteCounters>>>;
}

const PROVIDERS: Readonly<Record<RemoteRule['provider'], (rule: RemoteRule) => Provider>> = {
  bedrock: createBedrock,
  'azure-content-safety': createAzureContentSafety,
  patronus: createPatronus,
  presidio: createPresidio,
  webhook: createWebhook,
};

export function createRemoteChecks(options: RemoteChecksOptions): RemoteChecks {
  const { send, credentialsDirectory, nowMs, dateMs, log } = options;
  const counters = new Map<string, RemoteCounters>();
  return {
    checkFor(rule) {
      const counts = noCounts();
      counters.set(rule.id, counts);
      const { credentials } = rule;
      return new ServiceCheck(rule, PROVIDERS[rule.provider](rule), {
        send,
        nowMs,
        dateMs,
        credential: () =>
          credentials === undefined ? undefined : readCredential(credentials.file, credentialsDirectory),
        counters: counts,
        log,
      });
    },
    counters: () => Object.fromEntries(counters),
  };
}

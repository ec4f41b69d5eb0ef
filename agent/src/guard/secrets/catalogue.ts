import type { Rule } from '../engine/rule.ts';
import { aiProviders } from './catalogue/ai-providers.ts';
import { chat, payment } from './catalogue/chat-and-payment.ts';
import { amazon, google, microsoft, otherClouds } from './catalogue/cloud.ts';
import { codeHosts } from './catalogue/code-hosts.ts';
import { infrastructure } from './catalogue/infrastructure.ts';
import { privateKeys } from './catalogue/private-keys.ts';
import { registries } from './catalogue/registries.ts';
import { services } from './catalogue/services.ts';
import { assignments, connectionStrings, standardTokens } from './catalogue/structures.ts';

/** Every credential format that the agent knows, each with the page on which its vendor speaks of it. */
export const secretsCatalogue: readonly Rule[] = [
  ...privateKeys,
  ...amazon,
  ...google,
  ...microsoft,
  ...otherClouds,
  ...aiProviders,
  ...codeHosts,
  ...chat,
  ...payment,
  ...registries,
  ...services,
  ...infrastructure,
  ...connectionStrings,
  ...standardTokens,
  ...assignments,
];

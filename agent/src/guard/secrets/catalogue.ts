import type { Rule } from '../engine/rule.ts';
import { aiProviders } from './catalogue/ai-providers.ts';
import { assignments } from './catalogue/assignments.ts';
import { chat, payment } from './catalogue/chat-and-payment.ts';
import { amazon, google, microsoft, otherClouds } from './catalogue/cloud.ts';
import { codeHosts } from './catalogue/code-hosts.ts';
import { configuration } from './catalogue/configuration.ts';
import { developerTools } from './catalogue/developer-tools.ts';
import { infrastructure } from './catalogue/infrastructure.ts';
import { namedServices } from './catalogue/named-services.ts';
import { privateKeys } from './catalogue/private-keys.ts';
import { registries } from './catalogue/registries.ts';
import { services } from './catalogue/services.ts';
import { connectionStrings, standardTokens } from './catalogue/structures.ts';

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
  ...developerTools,
  ...namedServices,
  ...connectionStrings,
  ...standardTokens,
  ...configuration,
  ...assignments,
];

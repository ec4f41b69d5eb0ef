/** The configuration file. Every key is optional; defaults are filled in once, after the files have been merged. */
import { z } from 'zod';
import { gatewayConfig } from './gateways/config.ts';
import { identityConfig, secretsConfig, tenantConfig } from './identity/config.ts';
import { telemetrySchema } from './telemetry/telemetry-config.ts';

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/;

const url = (protocols: readonly string[], what: string) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be ${what}`,
  });
const httpsUrl = url(['https:', 'http:'], 'an http(s) URL');
const file = z.string().min(1, 'must name a file');

export const configSchema = z.strictObject({
  listen: z
    .strictObject({
      /** Loopback only: an agent that other machines can reach is an open proxy with this device's rights. */
      host: z
        .string()
        .regex(LOOPBACK, 'must be a loopback address: 127.0.0.1, ::1 or localhost')
        .default('127.0.0.1'),
      /** 0 takes a free port. */
      port: z.int().min(0).max(65_535).default(7843),
    })
    .prefault({}),
  gateway: gatewayConfig.optional(),
  policy: z
    .strictObject({
      file: file.optional(),
      source: z
        .strictObject({ url: httpsUrl, pollSeconds: z.int().min(5).max(86_400).default(60) })
        .optional(),
    })
    .prefault({}),
  upstream: z
    .strictObject({
      /** A corporate CONNECT proxy for every outgoing connection; may carry credentials. */
      proxy: url(['http:'], 'a proxy URL such as http://user:pass@10.0.0.1:3128').optional(),
      extraCaFile: file.optional(),
      /** Let clients reach private address ranges through the agent. */
      allowPrivateTargets: z.boolean().default(false),
      /** Believe the OS's own trust store for upstream servers. */
      systemStore: z.boolean().default(true),
    })
    .prefault({}),
  identity: identityConfig.optional(),
  tenant: tenantConfig.optional(),
  secrets: secretsConfig.prefault({}),
  telemetry: telemetrySchema.prefault({}),
  tray: z
    .strictObject({
      allowPause: z.boolean().default(true),
      allowVirtualKeyEntry: z.boolean().default(false),
      /** Where the tray looks for new versions of itself; followed only from the managed file. */
      updateFeedUrl: url(['https:'], 'an https URL').optional(),
    })
    .prefault({}),
});

export type Config = z.infer<typeof configSchema>;

/** Keys whose value is a path: relative ones count from the file that holds them. */
export const PATH_KEYS: readonly string[] = ['policy.file', 'upstream.extraCaFile'];

/** Accepted, but nothing acts on them yet; what is set here must never look as if it were in force. */
export const NOT_YET_USED: Readonly<Record<string, string>> = {
  'policy.source': 'Policy is not fetched; the policy file or the built-in policy applies.',
};

/** The configuration file. Every key is optional; defaults are filled in once, after the files have been merged. */
import { z } from 'zod';
import { isLoopbackHttp } from '../core/http.ts';
import { gatewayConfig } from './gateways/config.ts';
import { identityConfig, secretsConfig, tenantConfig } from './identity/config.ts';
import { telemetrySchema } from './telemetry/telemetry-config.ts';

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/;

const url = (protocols: readonly string[], what: string) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be ${what}`,
  });
/** As the agent's own calls are sent: what is refused later had better be refused here. */
const ownUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && (new URL(text).protocol === 'https:' || isLoopbackHttp(new URL(text))),
    {
      message: 'must be an https URL (plain http only to this machine)',
    },
  );
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
      /** Break-glass codes; counts only in the managed file. */
      overrideSecretFile: file.optional(),
      source: z
        .strictObject({
          url: ownUrl,
          pollSeconds: z.int().min(5).max(86_400).default(60),
          /** The root that this device begins to trust with: the file itself, or its SHA-256. */
          rootFile: file.optional(),
          rootFingerprint: z
            .string()
            .regex(
              /^sha256:[0-9a-f]{64}$/,
              'must be sha256: and 64 hex digits, as `postern policy keygen` prints it',
            )
            .optional(),
          /** The first for which there is a policy decides. */
          groups: z
            .array(z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be a group name'))
            .max(50)
            .default([]),
          /** An event stream that says when there is something new. */
          hintUrl: ownUrl.optional(),
        })
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
  localApi: z
    .strictObject({
      /** Of the token with which an admin may look at the machine (0194); only from the managed file. */
      adminTokenSha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits, as `postern admin-token` prints them')
        .optional(),
    })
    .prefault({}),
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
export const PATH_KEYS: readonly string[] = [
  'policy.file',
  'policy.source.rootFile',
  'policy.overrideSecretFile',
  'upstream.extraCaFile',
];

/** Keys that only device management may set: in a person's own file they count for nothing. */
export const MANAGED_ONLY_KEYS: readonly string[] = ['localApi.adminTokenSha256'];

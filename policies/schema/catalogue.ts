/** The catalogue: which AI services and apps exist, as data (`policies/catalogue/*.json`), checked by this schema. */
import { z } from 'zod';
import { modeSchema } from './policy.ts';

const kebab = z.string().regex(/^[a-z0-9][a-z0-9-]*$/);
/**
 * A lower-case DNS name, or `*.` and a name: any name below it, however deep, but not the name itself. No other
 * wildcard, because exactly these two forms can be said in a certificate's name constraints (RFC 5280, 4.2.1.10).
 */
const hostPattern = z.string().regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/);

/**
 * First match wins. `path` is a glob over the path without its query, compared without regard to case: `*` matches
 * within a segment, `**` across segments.
 */
const pathRule = z.strictObject({
  path: z
    .string()
    .startsWith('/')
    .refine((path) => path.split('**').length <= 2, 'one ** at most: matching must not backtrack')
    .refine((path) => !/\*[^/*]+\*/.test(path), 'one * per segment at most: matching must not backtrack'),
  /** Absent: any method. A WebSocket upgrade is matched by `webSocket` alone. */
  methods: z.array(z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])).optional(),
  /** True if a WebSocket upgrade on this path carries the dialect. Absent: false. */
  webSocket: z.boolean().optional(),
  operation: z.enum(['generate', 'count-tokens', 'embed', 'control', 'unknown']),
  /** `opaque`: an inference path whose wire format the agent doesn't read (yet). */
  dialect: z.enum([
    'openai-chat',
    'openai-responses',
    'anthropic-messages',
    'gemini',
    'openai-embeddings',
    'opaque',
  ]),
});

export const serviceSchema = z.strictObject({
  id: kebab,
  name: z.string(),
  vendor: z.string(),
  /**
   * `api`: keyed programs; `web`: a chat site; `ide`: a coding tool's own backend; `assets`: files and telemetry of
   * such a site, never decrypted nor certified; `local`: a model server on the device, which no proxy sees.
   */
  kind: z.enum(['api', 'web', 'ide', 'assets', 'local']),
  /** Empty only for `local`. */
  hosts: z.array(hostPattern),
  /** Where a `local` server listens by default. */
  loopbackPorts: z.array(z.int().min(1).max(65535)).optional(),
  /**
   * Paths that match none of the rules are `control` (no prompt) for `api` and `ide`, `unknown` otherwise. Where
   * services share a host, all their rules are tried in catalogue order, and such a path belongs to the first.
   */
  paths: z.array(pathRule),
  defaultMode: modeSchema,
  /** Provider id in the price book: `openai`, `anthropic`, `google` … */
  priceProvider: z.string().optional(),
  /** How we know: O observed, R read in documentation, S string in a binary, K general knowledge. */
  evidence: z.enum(['O', 'R', 'S', 'K']),
  note: z.string().optional(),
});

export const appSchema = z.strictObject({
  id: kebab,
  name: z.string(),
  vendor: z.string(),
  kind: z.enum(['cli', 'ide', 'desktop', 'browser', 'sdk']),
  /** Any one that fits identifies the app; of several apps that fit, the first in the list. Header names lower-case. */
  identify: z.array(
    z.strictObject({
      header: z.string(),
      /** Case-insensitive; exactly one of these; neither: the header is present. */
      equals: z.string().optional(),
      startsWith: z.string().optional(),
      contains: z.string().optional(),
    }),
  ),
  /**
   * What its program is, on any system, compared without regard to case and without `.exe`; any one that fits. The
   * program behind a connection decides over what its requests say.
   */
  process: z
    .strictObject({
      /** The last segments of its path, `*` within one: `codex`, `claude/versions/*`. */
      executables: z.array(z.string()).optional(),
      /** A folder anywhere above it: `Cursor.app`. */
      folders: z.array(z.string()).optional(),
      /** Of what an interpreter runs: the npm package. */
      packages: z.array(z.string()).optional(),
      /** Of what an interpreter runs: the script's file name, or the module's name. */
      scripts: z.array(z.string()).optional(),
      /**
       * `runtime`: it runs anybody's scripts, so headers may say more, unless they claim an app whose program we would
       * know. `tool`: it sends what anybody tells it to. Neither pins certificates.
       */
      generic: z.enum(['runtime', 'tool']).optional(),
      /** As for services. */
      evidence: z.enum(['O', 'R', 'S', 'K']),
    })
    .optional(),
  /** Apps in whose process it runs, as an editor's extension does: there, its headers tell it from them. */
  within: z.array(kebab).optional(),
  note: z.string().optional(),
});

export type Service = z.infer<typeof serviceSchema>;
export type PathRule = Service['paths'][number];
export type App = z.infer<typeof appSchema>;
export interface Catalogue {
  readonly services: readonly Service[];
  readonly apps: readonly App[];
}

/** The catalogue: which AI services and apps exist, as data (`policies/catalogue/*.json`), checked by this schema. */
import { z } from 'zod';
import { modeSchema } from './policy.ts';

const kebab = z.string().regex(/^[a-z0-9][a-z0-9-]*$/);
/** A lower-case DNS name; `*.` stands for one or more whole labels. A `*` may also stand for one label's part: `*-aiplatform.googleapis.com`. */
const hostPattern = z.string().regex(/^[a-z0-9*-]+(\.[a-z0-9*-]+)+$/);

/** First match wins. `path` is a glob over the path without its query: `*` matches within a segment, `**` across. */
const pathRule = z.strictObject({
  path: z.string().startsWith('/'),
  methods: z.array(z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])).optional(),
  /** True if a WebSocket upgrade on this path carries the dialect. */
  webSocket: z.boolean().default(false),
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
  /** `api`: keyed programs; `web`: a chat site; `ide`: a coding tool's own backend; `assets`: files of such a site. */
  kind: z.enum(['api', 'web', 'ide', 'assets']),
  hosts: z.array(hostPattern).min(1),
  /** Paths that match none of the rules are `control` (no prompt) for `api` and `ide`, `unknown` otherwise. */
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
  /** Any one that fits identifies the app; all conditions inside one must hold. Header names lower-case. */
  identify: z.array(
    z.strictObject({
      header: z.string(),
      /** Case-insensitive; exactly one of these; neither: the header is present. */
      equals: z.string().optional(),
      startsWith: z.string().optional(),
      contains: z.string().optional(),
    }),
  ),
  note: z.string().optional(),
});

export type Service = z.infer<typeof serviceSchema>;
export type PathRule = Service['paths'][number];
export type App = z.infer<typeof appSchema>;
export interface Catalogue {
  readonly services: readonly Service[];
  readonly apps: readonly App[];
}

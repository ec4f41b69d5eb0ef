/** The `gateway` part of the configuration. */
import { z } from 'zod';
import { isLoopbackHttp } from '../../core/http.ts';

/** The key and every prompt travel there: in the clear only on this very machine. */
const baseUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && (new URL(text).protocol === 'https:' || isLoopbackHttp(new URL(text))),
    { message: 'must be an https URL; plain http only for a gateway on this machine: http://127.0.0.1:8787' },
  )
  .refine(
    (text) => {
      const url = URL.parse(text);
      return url === null || (url.username === '' && url.search === '' && url.hash === '');
    },
    { message: 'must have no user, query or fragment: the key stands in virtualKey' },
  );

const HEADER_NAME = /^[a-z0-9-]+$/i;
/** One line of visible ASCII: anything else would be another header, or none. */
const HEADER_VALUE = /^[\x20-\x7e]*$/;
/** What the agent itself decides of every call. */
const OURS = /^(host|content-length|transfer-encoding|connection|authorization|cookie)$/i;
const modelPattern = z
  .string()
  .min(1)
  .refine((text) => text.split('*').length <= 2, { message: 'may have one * at most' });

export const gatewayConfig = z
  .strictObject({
    /** `generic`: anything that offers OpenAI's API. */
    kind: z.enum(['bifrost', 'litellm', 'portkey', 'generic']),
    baseUrl: baseUrl.optional(),
    /** Several of the same gateway: the nearest that answers takes the calls. */
    baseUrls: z.array(baseUrl).min(1).max(8).optional(),
    virtualKey: z
      .union([
        z.string().min(1).regex(HEADER_VALUE, 'must be one line of ASCII'),
        z.strictObject({ keychain: z.string().min(1) }),
      ])
      .optional(),
    /** The app's name of a model to the gateway's: `{"claude-*": "bedrock/claude-*"}`. First match wins. */
    models: z.record(modelPattern, modelPattern).default({}),
    /** Service id to the gateway's name of its provider: `{"gemini": "vertex"}`. */
    providers: z.record(z.string(), z.string().min(1)).default({}),
    /** Write models as `provider/model`. Absent: as the gateway wants it. */
    modelPrefix: z.boolean().optional(),
    /** Further headers of every call, such as `x-portkey-config`. */
    headers: z
      .record(
        z
          .string()
          .regex(HEADER_NAME, 'is not a header name')
          .refine((name) => !OURS.test(name), {
            message: 'is set by the agent itself',
          }),
        z.string().regex(HEADER_VALUE, 'must be one line of ASCII'),
      )
      .default({}),
    /** Of `generic`: the header that takes the key, if it isn't Authorization. */
    keyHeader: z.string().regex(HEADER_NAME, 'must be a header name').optional(),
    /** Of `generic`: which APIs it offers. */
    dialects: z
      .array(z.enum(['openai', 'anthropic', 'gemini']))
      .min(1)
      .optional(),
    /** Tell the gateway on whose behalf a call is made: user, device, app, service, decision. */
    attribution: z.boolean().default(true),
  })
  .refine((gateway) => gateway.baseUrl !== undefined || gateway.baseUrls !== undefined, {
    message: '"gateway.baseUrl" is missing',
    path: ['baseUrl'],
  })
  .refine((gateway) => gateway.baseUrl === undefined || gateway.baseUrls === undefined, {
    message: 'give baseUrl or baseUrls, not both',
    path: ['baseUrls'],
  });

export type GatewayConfig = z.infer<typeof gatewayConfig>;

export const baseUrlsOf = ({ baseUrl: one, baseUrls: several }: GatewayConfig): readonly string[] =>
  several ?? (one === undefined ? [] : [one]);

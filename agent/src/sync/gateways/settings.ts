/** What the configuration says of a gateway, defaults filled in. */
export interface GatewaySettings {
  /** App's name of a model, `*` allowed once, to the gateway's: `{"claude-*": "anthropic/claude-*"}`. */
  readonly models: Readonly<Record<string, string>>;
  /** Service id to what the gateway calls its provider. */
  readonly providers: Readonly<Record<string, string>>;
  /** Write models as `provider/model`. Absent: as the kind of gateway wants it. */
  readonly modelPrefix?: boolean;
  /** Further headers of every call: `x-portkey-config` … */
  readonly headers: Readonly<Record<string, string>>;
  /** Of generic gateways: the header that takes the key, and the formats that are served. */
  readonly keyHeader?: string;
  readonly dialects?: readonly ('openai' | 'anthropic' | 'gemini')[];
}

export const NO_SETTINGS: GatewaySettings = { models: {}, providers: {}, headers: {} };

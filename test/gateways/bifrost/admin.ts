/** What an administrator does at Bifrost: keys, teams and their limits, by its own API (docs.getbifrost.ai/api-reference). */

const PROVIDERS = {
  openai: 'gpt-4o-mini',
  anthropic: 'claude-sonnet-4-5',
  gemini: 'gemini-2.5-flash',
} as const;
type Provider = keyof typeof PROVIDERS;

export interface KeySettings {
  readonly budgets?: readonly { readonly max_limit: number; readonly reset_duration: string }[];
  readonly rate_limit?: Readonly<Record<string, number | string>>;
  readonly is_active?: boolean;
  readonly team_id?: string;
  readonly provider_configs?: readonly object[];
}

export interface MadeKey {
  readonly id: string;
  readonly secret: string;
}

/** Keys are made with all models of all providers, unless it is said otherwise. */
export const providerConfigs = (
  providers: readonly Provider[] = ['openai', 'anthropic', 'gemini'],
  models: 'all' | 'own' | 'others' = 'all',
): readonly object[] =>
  providers.map((provider) => ({
    provider,
    allowed_models: { all: ['*'], own: [PROVIDERS[provider]], others: ['another-model'] }[models],
    key_ids: ['*'],
    weight: 1,
  }));

export class BifrostAdmin {
  readonly #base: string;
  #made = 0;

  constructor(port: number) {
    this.#base = `http://127.0.0.1:${port}/api/governance`;
  }

  async makeKey(settings: KeySettings = {}): Promise<MadeKey> {
    this.#made += 1;
    const made = await this.#ask('POST', '/virtual-keys', {
      name: `key-${this.#made}`,
      provider_configs: providerConfigs(),
      ...settings,
    });
    const { id, value } = made['virtual_key'] as { id: string; value: string };
    return { id, secret: value };
  }

  async changeKey({ id }: MadeKey, settings: KeySettings): Promise<void> {
    await this.#ask('PUT', `/virtual-keys/${id}`, settings);
  }

  async deleteKey({ id }: MadeKey): Promise<void> {
    await this.#ask('DELETE', `/virtual-keys/${id}`);
  }

  async makeTeam(name: string, settings: object): Promise<string> {
    const made = await this.#ask('POST', '/teams', { name, ...settings });
    return (made['team'] as { id: string }).id;
  }

  async #ask(method: string, at: string, body?: object): Promise<Record<string, unknown>> {
    const reply = await fetch(this.#base + at, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`Bifrost answers ${method} ${at} with ${reply.status}: ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }
}

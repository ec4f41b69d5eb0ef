/** What an administrator does at LiteLLM's proxy, by its own API (docs.litellm.ai/docs/proxy/virtual_keys). */
import { createHash } from 'node:crypto';

export class LitellmAdmin {
  readonly #base: string;
  readonly #masterKey: string;

  constructor(port: number, masterKey: string) {
    this.#base = `http://127.0.0.1:${port}`;
    this.#masterKey = masterKey;
  }

  async makeKey(settings: object = {}): Promise<string> {
    return String((await this.#post('/key/generate', settings))['key']);
  }

  async changeKey(key: string, settings: object): Promise<void> {
    await this.#post('/key/update', { key, ...settings });
  }

  async blockKey(key: string, blocked: boolean): Promise<void> {
    await this.#post(blocked ? '/key/block' : '/key/unblock', { key });
  }

  async deleteKey(key: string): Promise<void> {
    await this.#post('/key/delete', { keys: [key] });
  }

  async makeTeam(settings: object): Promise<string> {
    return String((await this.#post('/team/new', settings))['team_id']);
  }

  async makeUser(settings: object): Promise<string> {
    return String((await this.#post('/user/new', { auto_create_key: false, ...settings }))['user_id']);
  }

  async makeCustomer(settings: object): Promise<void> {
    await this.#post('/customer/new', settings);
  }

  /** As the proxy's table has it. */
  async spentBy(key: string): Promise<number> {
    const told = await this.#ask(`/key/info?key=${createHash('sha256').update(key).digest('hex')}`);
    return (told['info'] as { spend: number }).spend;
  }

  #post(at: string, body: object): Promise<Record<string, unknown>> {
    return this.#ask(at, body);
  }

  async #ask(at: string, body?: object): Promise<Record<string, unknown>> {
    const reply = await fetch(this.#base + at, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.#masterKey}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`LiteLLM answers ${at} with ${reply.status}: ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }
}

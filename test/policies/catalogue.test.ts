import { describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../policies/catalogue/catalogue.ts';
import { appSchema, serviceSchema } from '../../policies/schema/catalogue.ts';

const { services, apps } = loadCatalogue();

describe('the shipped catalogue', () => {
  it.each(services.map((service) => [service.id, service] as const))(
    'service %s fits the schema',
    (_, service) => {
      expect(serviceSchema.parse(service)).toEqual(service);
    },
  );

  it.each(apps.map((app) => [app.id, app] as const))('app %s fits the schema', (_, app) => {
    expect(appSchema.parse(app)).toEqual(app);
    for (const { header, equals, startsWith, contains } of app.identify) {
      expect(header).toBe(header.toLowerCase());
      expect([equals, startsWith, contains].filter((each) => each !== undefined).length).toBeLessThan(2);
    }
  });

  it('says of apps what can be looked up: programs without paths to anybody, and hosts that exist', () => {
    const ids = new Set(apps.map(({ id }) => id));
    const claimed = new Map<string, string>();
    for (const { id, process, within = [] } of apps) {
      for (const host of within) expect(ids, `${id} within ${host}`).toContain(host);
      const { executables = [], folders = [], packages = [], scripts = [] } = process ?? {};
      for (const list of [executables, folders, packages, scripts]) {
        for (const name of list) {
          expect(name, id).not.toMatch(/^\/|\\|\.exe$/);
          const claim = name.toLowerCase();
          if (list !== packages && list !== scripts) expect(claimed.get(claim) ?? id, claim).toBe(id);
          claimed.set(claim, id);
        }
      }
    }
  });

  it('gives each service and app its own id', () => {
    for (const list of [services, apps]) expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
  });

  it('lets no two services claim the same host and path', () => {
    const claimed = new Map<string, string>();
    for (const { id, hosts, paths } of services) {
      for (const host of hosts) {
        for (const { path, methods = ['*'], webSocket = false } of paths) {
          for (const method of methods) {
            const claim = `${method} ${host}${path} ${webSocket}`;
            expect(
              claimed.get(claim),
              `${claim} is claimed twice, by ${claimed.get(claim)} and ${id}`,
            ).toBeUndefined();
            claimed.set(claim, id);
          }
        }
      }
    }
  });

  it('shares a host between services only where their paths tell them apart', () => {
    const byHost = new Map<string, string[]>();
    for (const { id, hosts } of services) {
      for (const host of hosts) byHost.set(host, [...(byHost.get(host) ?? []), id]);
    }
    const shared = [...byHost].filter(([, ids]) => ids.length > 1);
    expect(shared).toEqual([['chatgpt.com', ['chatgpt-web', 'codex']]]);
  });

  it('has hosts for all but local services, and never decrypts assets', () => {
    for (const { id, kind, hosts, defaultMode, loopbackPorts } of services) {
      if (kind === 'local') expect(loopbackPorts, id).toBeDefined();
      else expect(hosts.length, id).toBeGreaterThan(0);
      if (kind === 'assets' || kind === 'local') expect(defaultMode, id).toBe('tunnel');
    }
  });

  it('covers every AI host that is known to carry prompts', () => {
    const wanted =
      `api.openai.com chatgpt.com cdn.oaistatic.com files.oaiusercontent.com api.anthropic.com claude.ai
      platform.claude.com mcp-proxy.anthropic.com claudeusercontent.com generativelanguage.googleapis.com
      cloudcode-pa.googleapis.com aistudio.google.com gemini.google.com notebooklm.google.com jules.google.com
      us-central1-aiplatform.googleapis.com api.githubcopilot.com api.individual.githubcopilot.com
      api.business.githubcopilot.com api.enterprise.githubcopilot.com copilot-proxy.githubusercontent.com
      api2.cursor.sh agent.api5.cursor.sh agentn.eu.api5.cursor.sh server.codeium.com inference.codeium.com
      server.self-serve.windsurf.com copilot.microsoft.com copilot.cloud.microsoft grok.com x.ai api.x.ai
      perplexity.ai api.perplexity.ai poe.com api.mistral.ai chat.mistral.ai api.cohere.com huggingface.co
      router.huggingface.co api.groq.com meta.ai openrouter.ai api.together.xyz api.deepseek.com chat.deepseek.com
      api.fireworks.ai api.cerebras.ai bedrock-runtime.us-east-1.amazonaws.com acme.openai.azure.com
      acme.services.ai.azure.com acme.cognitiveservices.azure.com api.jetbrains.ai grazie.ai grazie.aws.intellij.net
      tenant.api.augmentcode.com ampcode.com models.opencode.ai app.warp.dev cloud.zed.dev api.tabnine.com replit.com
      bolt.new lovable.dev notion.so character.ai you.com v0.app v0.dev api.continue.dev`.split(/\s+/);
    const patterns = services.flatMap(({ hosts }) => hosts);
    const covered = (host: string) =>
      patterns.some(
        (pattern) => pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1))),
      );
    expect(wanted.filter((host) => !covered(host))).toEqual([]);
  });

  it('never names an apex that belongs to more than AI', () => {
    const shared = [
      'googleapis.com',
      'google.com',
      'amazonaws.com',
      'azure.com',
      'microsoft.com',
      'github.com',
      'ghe.com',
      'office.com',
    ];
    for (const { hosts } of services) {
      for (const host of hosts) expect(shared).not.toContain(host.replace(/^\*\./, ''));
    }
  });
});

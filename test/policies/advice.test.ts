import { expect, it } from 'vitest';
import { loadCatalogue } from '../../policies/catalogue/catalogue.ts';
import { parsePolicy } from '../../policies/schema/parse-policy.ts';

const catalogue = loadCatalogue();

function warningsOf(yaml: string): string[] {
  const parsed = parsePolicy(`postern: 1\nname: a\n${yaml}`, 'a.yaml', { catalogue });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.warnings.map(({ line, field, message }) => `${line} ${field}: ${message}`);
}

const services = (...rules: string[]) => `services:\n${rules.map((rule) => `  - { ${rule} }\n`).join('')}`;

it.each<[string, string, readonly string[]]>([
  ['the same service twice', services('match: openai, mode: direct', 'match: [openai], mode: block'), ['5']],
  [
    'a service after its kind',
    services('match: "kind:web", mode: block', 'match: claude-web, mode: direct'),
    ['5'],
  ],
  [
    'a service before its kind',
    services('match: claude-web, mode: direct', 'match: "kind:web", mode: block'),
    [],
  ],
  [
    'anything after everything',
    services('match: "*", mode: direct', 'match: openai, mode: block', 'match: "kind:web", mode: block'),
    ['5', '6'],
  ],
  ['files after everything', services('match: "*", mode: direct', 'match: openai-assets, mode: block'), []],
  [
    'a host under a suffix',
    services('match: "*.acme.com", mode: direct', 'match: a.llm.acme.com, mode: block'),
    ['5'],
  ],
  [
    'a suffix over a host',
    services('match: a.llm.acme.com, mode: direct', 'match: "*.acme.com", mode: block'),
    [],
  ],
  [
    'after a rule with a condition',
    services(`match: openai, mode: direct, when: 'app == "x"'`, 'match: openai, mode: block'),
    [],
  ],
  [
    'only partly covered',
    services('match: openai, mode: direct', 'match: [openai, anthropic], mode: block'),
    [],
  ],
  [
    'covered by two',
    services(
      'match: openai, mode: direct',
      'match: anthropic, mode: direct',
      'match: [openai, anthropic], mode: block',
    ),
    ['6'],
  ],
  ['models', 'models:\n  - { match: "*", action: warn }\n  - { match: "gpt-4*", action: block }\n', ['5']],
  [
    'apps',
    'apps:\n  rules:\n    - { match: codex, state: allowed }\n    - { match: codex, state: denied }\n',
    ['6'],
  ],
])('finds rules that are never asked: %s', (_, yaml, lines) => {
  const warnings = warningsOf(yaml);
  expect(warnings.map((warning) => warning.split(' ')[0])).toEqual(lines);
  for (const warning of warnings) expect(warning).toContain('This rule is never asked');
});

it('points out shadow mode and stored prompts', () => {
  expect(warningsOf('rollout: { shadow: true }\nprivacy: { content: blocked }\n')).toEqual([
    '3 rollout.shadow: Shadow mode is on: everything is decided and recorded, and nothing is enforced.',
    "4 privacy.content: People's prompts and the answers to them will be stored on the device.",
  ]);
});

it.each<[string, string, number]>([
  ['blocking injections', 'detect: injection, action: block', 1],
  ['redacting injections', 'detect: injection, action: redact, kinds: [template-token]', 1],
  ['warning of injections', 'detect: injection, action: warn', 0],
  [
    'blocking invisible text',
    'detect: injection, action: block, kinds: [invisible-tags, variation-selectors]',
    0,
  ],
  ['blocking all personal data', 'detect: pii, action: block', 1],
  ['blocking mail addresses', 'detect: pii, action: block, kinds: [iban, email-address]', 1],
  ['blocking cards', 'detect: pii, action: block, kinds: card-number', 0],
  ['redacting personal data', 'detect: pii, action: redact', 0],
])('advises against %s, or not', (_, rule, count) => {
  const warnings = warningsOf(`guardrails:\n  - { id: a, ${rule} }\n`);
  expect(warnings).toHaveLength(count);
  for (const warning of warnings) expect(warning).toMatch(/^4 guardrails\[0\]\.action: /);
});

it.each([
  ['action: block', true],
  ['action: redact', true],
  ['action: warn, onFailure: block', true],
  ['action: warn, onFailure: warn', false],
  ['action: block, shadow: true', false],
])('a service that streamed answers wait for: %s', (action, told) => {
  const rule = `{ id: r, detect: remote, provider: presidio, url: "https://p.example/analyze", on: [response], ${action} }`;
  const warnings = warningsOf(`guardrails:\n  - ${rule}\n`).filter((one) => one.includes('Streamed answers'));
  expect(warnings).toHaveLength(told ? 1 : 0);
});

/** What the company's collector has got from its laptops, and what it has not. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ReceivedLog } from '../kit/otlp-receiver.ts';
import type { Company } from './company.ts';
import type { Laptop } from './laptop.ts';
import { promise, tell, tellCommand, tellTable } from './tell.ts';

const LIMIT_MS = 20_000;

export interface Expected {
  readonly calls: number;
  readonly blocked: number;
  /** Words that have no business at a collector: prompts, answers and keys. */
  readonly secrets: readonly string[];
}

interface Device {
  readonly laptop: Laptop;
  readonly id: string;
}

export async function tellTelemetry(
  company: Company,
  laptops: readonly Laptop[],
  { calls, blocked, secrets }: Expected,
): Promise<void> {
  const { collector } = company;
  const askedAtMs = Date.now();
  const devices = await Promise.all(
    laptops.map(async (laptop) => ({ laptop, id: (await laptop.status()).device.id })),
  );
  await until(
    () =>
      named(company, 'ai_call').length >= calls &&
      devices.every((device) => hasNews(company, device, askedAtMs)),
  );
  tell('Each call:');
  tellCalls(company);
  tell('');
  tell('Each laptop, by its last heartbeat:');
  for (const device of devices) tellHeartbeat(company, device);
  tell('');
  const points = collector.metrics.get('postern.calls')?.points ?? [];
  tell(`Metrics: ${[...collector.metrics.keys()].join(', ')}`);
  promise(points.length > 0, 'Metrics have come too', [...collector.metrics.keys()]);
  const got = named(company, 'ai_call');
  const refused = got.filter(({ attributes }) => attributes['postern.effective'] === 'block');
  promise(
    got.length === calls && refused.length === blocked,
    `All ${calls} calls have arrived, ${blocked} of them blocked`,
    got,
  );
  const all = collector.requests.map(({ body }) => body.toString('utf8')).join('\n');
  promise(
    secrets.every((secret) => !all.includes(secret)),
    `In ${collector.requests.length} uploads there is no prompt, no answer and no key`,
  );
  for (const device of devices) await verifyLog(company, device);
}

const named = ({ collector }: Company, name: string): readonly ReceivedLog[] =>
  collector.logs.filter((log) => log.name === `postern.${name}`);
const of = (logs: readonly ReceivedLog[], { id }: Device): readonly ReceivedLog[] =>
  logs.filter(({ resource }) => resource['device.id'] === id);

/** A heartbeat from after the last call, and all that led to it. */
const hasNews = (company: Company, device: Device, askedAtMs: number): boolean =>
  of(named(company, 'heartbeat'), device).some(({ atMs }) => atMs > askedAtMs);

function tellCalls(company: Company): void {
  const rows = named(company, 'ai_call')
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, attributes: its }) => [
      new Date(atMs).toISOString().slice(11, 19),
      its['user.name'],
      its['postern.app.id'],
      its['gen_ai.request.model'],
      its['postern.mode'],
      its['postern.effective'],
      its['postern.result'],
      its['postern.policy.name'],
      its['gen_ai.usage.output_tokens'],
    ]);
  const heading = ['time', 'user', 'app', 'model', 'mode', 'effective', 'result', 'policy', 'tokens out'];
  tellTable([heading, ...rows.map((row) => row.map((cell) => String(cell ?? '–')))]);
}

function tellHeartbeat(company: Company, device: Device): void {
  const last = of(named(company, 'heartbeat'), device).at(-1);
  const its = last?.attributes ?? {};
  const changes = of(named(company, 'policy-changed'), device).map(({ text }) => text);
  tell(
    `  ${device.id}  ${device.laptop.person}'s, version ${its['postern.version']}, ${its['postern.state']}, policy ${its['postern.policy.name']} (${its['postern.policy.revision']})`,
  );
  tell(`    coverage: ${String(its['postern.coverage'])}`);
  for (const change of changes) tell(`    policy: ${change}`);
}

/** Signed heads that left the laptop show whether its log was changed since. */
async function verifyLog(company: Company, device: Device): Promise<void> {
  const heads = of(named(company, 'log-checkpoint'), device).map(({ text }) => text);
  const file = path.join(company.folder, `${device.laptop.person}-heads.jsonl`);
  writeFileSync(file, `${heads.join('\n')}\n`);
  const verified = await device.laptop.postern(['audit', 'verify', '--heads', file]);
  tellCommand(`postern audit verify --heads ${path.basename(file)}`, verified.stdout);
  promise(
    verified.code === 0,
    `The log on ${device.laptop.person}'s laptop goes through all ${heads.length} heads`,
    verified,
  );
}

async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + LIMIT_MS;
  while (!holds() && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 100));
}

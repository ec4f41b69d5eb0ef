/**
 * `npm run demo:fleet`: a company with two laptops on this machine's loopback, from the first sign-in to the telemetry.
 * Ends with 0 only if everything came out as promised. The agents, their commands, the OpenID provider and the OpenAI
 * SDK are the real ones; the gateway is a contract server that answers as LiteLLM's proxy does, and knows only the keys
 * that the exchange has given out.
 */
import { MODEL_ANSWER } from '../kit/gateways/contract-server.ts';
import { liveLookingAwsKey } from '../kit/office.ts';
import { type Administrator, openAdministrator } from './administrator.ts';
import { type Company, openCompany } from './company.ts';
import { type Laptop, openLaptop } from './laptop.ts';
import { GENTLE, STRICT } from './policies.ts';
import { tellTelemetry } from './telemetry.ts';
import { NotAsPromised, promise, seconds, step, tell, tellCommand, tellTable } from './tell.ts';

const LIMIT_MS = 20_000;
const HARMLESS = 'What is a postern?';

async function demonstrate(closing: (() => Promise<void>)[]): Promise<void> {
  const startedMs = performance.now();
  step('A company starts its servers');
  const company = await openCompany();
  closing.push(() => company.close());
  tellServers(company);

  step('The administrator makes keys and publishes the first policy');
  const administrator = await openAdministrator(company);
  await administrator.push('gentle.yaml', GENTLE);

  step('Two laptops start');
  const { rootFingerprint } = administrator;
  const laptops = await Promise.all(
    [
      { person: 'ann', hints: true },
      { person: 'bob', hints: false },
    ].map(async (who) => {
      const laptop = await openLaptop({ ...who, company, rootFingerprint });
      closing.push(() => laptop.close());
      return laptop;
    }),
  );
  for (const laptop of laptops) await tellStart(laptop);

  step('Both people sign in');
  for (const laptop of laptops) await signIn(laptop, company);

  step("Ann's program asks OpenAI, and the company's gateway answers");
  for (const laptop of laptops.slice(0, 1)) {
    await streamedCall(laptop, company);
    await withoutVirtualKey(laptop, company);
  }

  step('An AWS access key in a prompt: with the first policy people are warned');
  const accessKey = liveLookingAwsKey(11);
  const prompt = `Why is ${accessKey} denied?`;
  tellCommand(`postern run -- node ask.ts "Why is ${accessKey.slice(0, 4)}… denied?"`);
  await Promise.all(laptops.map((laptop) => passes(laptop, prompt)));

  step('A stricter policy is pushed');
  const strictVersion = await pushed(administrator, 'strict', STRICT, laptops);
  for (const laptop of laptops) await isRefused(laptop, company, prompt);

  step('It is rolled back: the file before, signed again as a new version');
  const backVersion = await pushed(administrator, 'gentle', GENTLE, laptops);
  promise(
    backVersion > strictVersion,
    `Nothing went backwards: version ${backVersion} after ${strictVersion}`,
  );
  await Promise.all(laptops.map((laptop) => passes(laptop, prompt)));

  step('What arrived at the collector');
  const keys = [...company.keys.given, ...laptops.map(({ providerKey }) => providerKey)];
  await tellTelemetry(company, laptops, {
    calls: 7,
    blocked: 2,
    secrets: [prompt, accessKey, HARMLESS, MODEL_ANSWER.text, ...keys],
  });

  step("Ann's agent, by its own account");
  for (const laptop of laptops.slice(0, 1)) {
    const { stdout } = await laptop.postern(['status']);
    tellCommand('postern status', stdout);
  }
  tell('');
  promise(company.providers.received.length === 0, 'No call has reached a provider past the gateway');
  tell(`Everything came out as promised, in ${seconds(performance.now() - startedMs)}.`);
}

function tellServers({ login, keys, gateway, policies, collector }: Company): void {
  tellTable([
    ['what', 'where', 'which is'],
    ['OpenID provider', login.issuer, 'oidc-provider from npm'],
    ['token exchange', keys.url, 'a test server (RFC 8693): sign-in against virtual key'],
    ['AI gateway', String(gateway.config['baseUrl']), `${gateway.title}: not the real one`],
    ['policy server', policies.url, 'static files'],
    ['collector', collector.url, 'an OTLP/HTTP receiver'],
  ]);
}

async function tellStart(laptop: Laptop): Promise<void> {
  const { policy, device, identity } = await laptop.until(
    ({ policy: { name } }) => name === 'gentle',
    LIMIT_MS,
  );
  promise(
    identity.state === 'signed-out',
    `${laptop.person}'s agent runs, nobody is signed in yet`,
    identity,
  );
  tell(
    `  device ${device.id}, policy ${policy.name} (${policy.revision}), signed version ${policy.bundle?.version}`,
  );
  tell(`  learns of pushes ${laptop.hints ? 'by a hint' : 'by looking every 5 s'}`);
}

async function signIn(laptop: Laptop, company: Company): Promise<void> {
  tellCommand('postern login', await laptop.signIn());
  const { identity } = await laptop.until(({ identity: { keys } }) => keys.length > 0, LIMIT_MS);
  const key = company.keys.given.at(-1) ?? '';
  promise(
    identity.user?.name === `${laptop.person}@acme.test` && key.includes(laptop.person),
    `${identity.user?.name} (${identity.user?.groups.join(', ')}) has the virtual key "${identity.keys[0]?.name}", which nobody typed`,
    identity,
  );
}

async function streamedCall(laptop: Laptop, { gateway, keys }: Company): Promise<void> {
  gateway.clear();
  tellCommand(`OPENAI_API_KEY=${laptop.providerKey} postern run -- node ask.ts "${HARMLESS}"`);
  const answer = await laptop.ask(HARMLESS);
  if (!answer.ok) throw new NotAsPromised(`the call was refused: ${answer.message}`);
  const { pieces } = answer;
  for (const { text, atMs } of pieces.slice(0, 4))
    tell(`  after ${String(atMs).padStart(4)} ms  ${JSON.stringify(text)}`);
  tell(
    `  … and ${pieces.length - 4} more until ${pieces.at(-1)?.atMs} ms: ${pieces.map(({ text }) => text).join('')}`,
  );
  const spanMs = (pieces.at(-1)?.atMs ?? 0) - (pieces[0]?.atMs ?? 0);
  promise(
    spanMs > (pieces.length - 1) * gateway.delayMs * 0.8,
    'The answer came piece by piece, as the gateway sent it',
  );
  const [call] = gateway.received;
  if (call === undefined || gateway.received.length !== 1)
    throw new NotAsPromised(`${gateway.received.length} calls reached the gateway, not one`);
  tell('');
  tell(`What reached the gateway: ${call.method} ${call.path}`);
  for (const [name, value] of Object.entries(call.headers))
    if (TOLD.test(name)) tell(`  ${name}: ${String(value).replace(/sk-\w+/, 'sk-…')}`);
  promise(call.headers[gateway.keyHeader] === `Bearer ${keys.given[0]}`, "Ann's virtual key was with it");
  promise(!JSON.stringify(call).includes(laptop.providerKey), 'The provider key of the program was not');
}

/** Without what the SDK says of itself. */
const TOLD = /^(x-(?!stainless)|authorization$|user-agent$)/;

/** That the key is what opens the gateway. */
async function withoutVirtualKey(laptop: Laptop, { gateway }: Company): Promise<void> {
  const answer = await fetch(`${gateway.config['baseUrl']}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${laptop.providerKey}` },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: HARMLESS }] }),
  });
  const { error } = (await answer.json()) as { error: { message: string } };
  promise(
    answer.status === 401,
    `With that one the gateway would have said ${answer.status}: ${error.message.split('.')[0]}`,
    error,
  );
}

async function passes(laptop: Laptop, prompt: string): Promise<void> {
  const answer = await laptop.ask(prompt);
  promise(answer.ok, `${laptop.person}: the call passes`, answer);
}

async function pushed(
  administrator: Administrator,
  name: string,
  policy: string,
  laptops: readonly Laptop[],
): Promise<number> {
  let version = 0;
  const pushedAtMs = await administrator.push(`${name}.yaml`, policy);
  for (const laptop of laptops) {
    const now = await laptop.until(({ policy: { name: active } }) => active === name, LIMIT_MS);
    const tookMs = now.policy.loadedAtMs - pushedAtMs;
    promise(
      tookMs < (laptop.hints ? 2000 : 7000),
      `${laptop.person}: ${name} in force ${seconds(tookMs)} after the push (${laptop.hints ? 'hint' : 'looks every 5 s'}), signed version ${now.policy.bundle?.version}`,
      now.policy,
    );
    version = now.policy.bundle?.version ?? 0;
  }
  return version;
}

async function isRefused(laptop: Laptop, { gateway }: Company, prompt: string): Promise<void> {
  gateway.clear();
  const answer = await laptop.ask(prompt);
  promise(
    !answer.ok && answer.status === 400 && answer.message.includes('no-secrets'),
    `${laptop.person}: the call is refused, and the OpenAI SDK throws`,
    answer,
  );
  if (!answer.ok) tell(`  ${answer.error}: ${answer.message}`);
  promise(gateway.received.length === 0, `${laptop.person}: nothing of it left the laptop`);
}

const closing: (() => Promise<void>)[] = [];
const close = async (): Promise<void> => {
  for (const end of closing.splice(0).reverse()) await end();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void close().finally(() => process.exit(1)));
try {
  await demonstrate(closing);
} catch (error) {
  process.exitCode = 1;
  console.error(
    `\nNot as promised. ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
} finally {
  await close();
}

import { createHmac, randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { CommandFailure, type RunningAgent, type StartOptions } from '../cli/ports.ts';
import type { Gateway } from '../core/gateway.ts';
import type { SignedInUser } from '../core/identity.ts';
import type { Vault } from '../core/placeholder.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { createScanCache } from '../guard/scan-cache.ts';
import { InterceptError } from '../intercept/inbound/errors.ts';
import { createListener, type Listener } from '../intercept/listener.ts';
import { createOutgoing, DEFAULT_DEADLINES } from '../intercept/outgoing/outgoing.ts';
import { ProxyUrlError, parseProxyUrl } from '../intercept/outgoing/proxy-url.ts';
import { buildPac } from '../intercept/pac.ts';
import type { Outgoing } from '../intercept/ports.ts';
import { createRelayWebSocket } from '../intercept/websocket/websocket.ts';
import { createJourney } from '../journey.ts';
import { createOpener } from '../open/open.ts';
import { type HomeFiles, homeFiles, prepareHome } from '../platform/home.ts';
import { acquireInstanceLock } from '../platform/instance-lock.ts';
import { readPrivateFile, writePrivateFile } from '../platform/private-files.ts';
import { RecordError, type RecordErrorCode } from '../record/errors.ts';
import { openRecords } from '../record/records.ts';
import type { Records } from '../record/records-contract.ts';
import { exchangeView } from '../serve/exchange-view.ts';
import { createLocalApi } from '../serve/local-api.ts';
import type { LoadedConfig } from '../sync/config.ts';
import { createRemoteChecks, type RemoteChecks } from '../sync/remote-checks/remote-checks.ts';
import { AdminTrace, createAdminHandlers } from './admin-handlers.ts';
import { AgentState } from './agent-state.ts';
import { budgetViews, limitViews } from './budgets.ts';
import { checkCounters } from './check-counters.ts';
import { clientProcesses } from './client-processes.ts';
import { ExceptionKeeper } from './exceptions.ts';
import { GatewayKeeper } from './gateway.ts';
import { createHandlers } from './handlers.ts';
import { createIdentity, identityServers } from './identity.ts';
import { ManagedPolicy } from './managed-policy.ts';
import { PendingWork } from './pending-work.ts';
import { PolicyKeeper } from './policy-keeper.ts';
import { sendThrough } from './send-http.ts';
import { extraCertificates, settingsOf } from './settings.ts';
import { SpendKeeper } from './spend-keeper.ts';
import { collectStartGarbage, eventLoopBusyMs, fullCollection } from './start-garbage.ts';
import { type AgentTelemetry, openAgentTelemetry } from './telemetry.ts';
import { openTrust, type Trust } from './trust.ts';
import { openVault } from './vault.ts';

/** Records that wait for another service's opinion may take this long at the end. */
const LATE_RECORDS_MS = 500;
/** Draining may take this long; what is still open then is cut. SIGTERM has 5 s in all. */
const DRAIN_MS = 2500;

/** Everything from the lock to the local API, in the order in which each part needs the one before. */
export async function startAgent(options: StartOptions, version: string): Promise<RunningAgent> {
  const settings = settingsOf(options);
  const files = homeFiles(options.home);
  prepareHome(files);
  const lock = acquireInstanceLock(files.lockFile);
  const opened: (() => Promise<void> | void)[] = [() => lock.release()];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    return await assemble(options, settings, files, version, opened, closeAll);
  } catch (error) {
    await closeAll();
    throw asFailure(error);
  }
}

async function assemble(
  options: StartOptions,
  settings: LoadedConfig,
  files: HomeFiles,
  version: string,
  opened: (() => Promise<void> | void)[],
  closeAll: () => Promise<void>,
): Promise<RunningAgent> {
  const state = new AgentState(version, files, settings);
  const outgoing = openOutgoing(settings, state, opened);
  const remoteChecks = createRemoteChecks({
    send: sendThrough(outgoing),
    credentialsDirectory: files.credentialsDirectory,
    nowMs: () => performance.now(),
    dateMs: () => Date.now(),
    log: (code, detail) => state.incident(code, detail),
  });
  const keeper = await PolicyKeeper.open(settings, options, state, (rule) => remoteChecks.checkFor(rule));
  opened.push(() => keeper.close());
  const managed = new ManagedPolicy({
    start: options,
    state,
    keeper,
    send: sendThrough(outgoing, { configured: true }),
  });
  opened.push(() => managed.close());
  state.onIncident = (code) => managed.incident(code);
  const policy = (): CompiledPolicy => keeper.current;
  const trust = openTrust(files.directory, policy());
  state.trust = trust;
  let spend: SpendKeeper | undefined;
  const records = await openRecords({
    file: files.databaseFile,
    nowMs: () => Date.now(),
    retentionDays: () => policy().policy.privacy.retentionDays,
    contentAllowed: () => policy().policy.privacy.content !== 'never',
    log: (level, message) => {
      if (level !== 'info') state.incident(`records-${level}`, message);
    },
    onReplaced: () => spend?.replaced(),
  });
  state.records = records;
  // Straight into the log: what is restored is told before there is a journey.
  const record = (code: string, detail: string): void =>
    records.event({ id: newDecisionId(), atMs: Date.now(), code, detail, policy: policy().identity });
  spend = new SpendKeeper({
    records,
    policy,
    incident: (code, detail) => {
      record(code, detail);
      state.note(code, detail);
    },
    event: record,
  });
  opened.push(() => records.close());
  const { vault, ...vaultFile } = await openVault({
    directory: files.directory,
    retentionDays: () => policy().policy.privacy.retentionDays,
    incident: (code, detail) => state.incident(code, detail),
  });
  opened.push(() => vaultFile.close());
  state.moreDegraded.push(() => vaultFile.degraded());
  const exceptions = new ExceptionKeeper({
    file: files.exceptionsFile,
    policy,
    nowMs: () => Date.now(),
    event: (code, detail) => state.event(code, detail),
  });
  await spend.restore();
  opened.push(() => spend?.close());
  const identity = createIdentity({
    files,
    state,
    version,
    send: sendThrough(outgoing, { configured: identityServers(settings.config) }),
    event: record,
    onWho: () => managed.whoChanged(),
  });
  opened.push(() => identity.close());
  const user = userName(files, policy, () => identity.user());
  const pending = new PendingWork();
  state.budgets = () => budgetViews(spend.book, policy(), { device: hostname(), user: user() });
  const gateways = new GatewayKeeper({
    outgoing,
    keys: identity.virtualKeys,
    book: spend.book,
    incident: (code, detail) => state.incident(code, detail),
    onChange: () => state.onChange(),
  });
  gateways.follow(settings.config);
  opened.push(() => gateways.close());
  state.gateway = () => gateways.current?.view();
  state.onSettings = (next) => {
    identity.keys.configure(next.config.gateway?.virtualKey);
    gateways.follow(next.config);
  };
  const telemetry = await openAgentTelemetry({
    state,
    files,
    version,
    policy,
    records,
    outgoing,
    device: identity.device,
    pseudonymKey: () => pseudonymKey(files),
  });
  opened.push(() => telemetry.close());
  const listener = await listen(options, settings, {
    gateway: () => gateways.current,
    telemetry,
    outgoing,
    remoteChecks,
    state,
    policy,
    trust,
    records,
    vault,
    exceptions,
    spend,
    user,
    pending,
    managed,
    opened,
  });
  const handlers = createHandlers({
    state,
    keeper,
    records,
    exceptions,
    identity,
    override: managed.override,
    place: options,
    limits: () => limitViews(spend.book, policy(), { device: hostname(), user: user() }),
    readQuota: () => gateways.current?.refreshQuota() ?? Promise.resolve(),
    stop: () => void stop(),
  });
  const admins = new AdminTrace(state);
  const api = await createLocalApi({
    socketPath: files.socketPath,
    tokenFile: files.tokenFile,
    handlers,
    admin: {
      handlers: createAdminHandlers(handlers, state),
      tokenSha256: () => state.settings.config.localApi.adminTokenSha256,
      onCall: (call, allowed) => admins.called(call, allowed),
    },
    onRefused: (code, detail) => state.note(`local-api-${code}`, detail),
    writePrivateFile,
    onInternalError: (call, error) => state.incident('local-api-failed', `${call}: ${String(error)}`),
    onLeases: (count) => state.onLeases(count),
    metrics: () => telemetry.metricsText(),
  });
  opened.push(() => api.close());
  state.onChange = () => {
    api.changed();
    telemetry.news();
  };
  state.onExchange = (record) => {
    // Watchers that come back may ask for it much later: stored text must not stay in memory until then.
    const { content: _content, ...figures } = record;
    api.exchangeEnded(() => exchangeView(figures, keeper.current.serviceNames.get(figures.service)));
    telemetry.exchange(record);
  };
  keeper.watch();
  await managed.start();
  const collect = fullCollection();
  if (collect !== undefined) {
    const collecting = collectStartGarbage({ busyMs: eventLoopBusyMs, collect });
    opened.push(() => collecting.close());
  }
  state.event(
    'agent-started',
    `version ${version}, policy ${policy().identity.name} ${policy().identity.revision}`,
  );

  const stopped = Promise.withResolvers<void>();
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      state.stopping = true;
      await listener.close(DRAIN_MS);
      await Promise.race([pending.settled(), sleep(LATE_RECORDS_MS, undefined, { ref: false })]);
      state.event('agent-stopped', `version ${version}`);
      await closeAll();
      stopped.resolve();
    })();
    return stopping;
  };
  return {
    ready: {
      proxy: state.proxyUrl,
      pac: `${state.proxyUrl}/proxy.pac`,
      ca: files.caFile,
      socket: files.socketPath,
      policy: policy().identity,
    },
    notices: state.notices(),
    onLeases: (callback) => {
      state.onLeases = callback;
    },
    stop,
    stopped: stopped.promise,
  };
}

interface Parts {
  readonly telemetry: AgentTelemetry;
  readonly state: AgentState;
  readonly policy: () => CompiledPolicy;
  readonly trust: Trust;
  readonly records: Records;
  readonly vault: Vault;
  readonly exceptions: ExceptionKeeper;
  readonly outgoing: Outgoing;
  readonly remoteChecks: RemoteChecks;
  readonly spend: SpendKeeper;
  readonly user: () => string;
  readonly pending: PendingWork;
  readonly gateway: () => Gateway | undefined;
  readonly managed: ManagedPolicy;
  readonly opened: (() => Promise<void> | void)[];
}

/** The one way out of the device. Of no use to anybody before there is a policy, but remote checks are built with it. */
function openOutgoing(
  settings: LoadedConfig,
  state: AgentState,
  opened: (() => Promise<void> | void)[],
): Outgoing {
  const { proxy, allowPrivateTargets, systemStore } = settings.config.upstream;
  const outgoing = createOutgoing({
    ...(proxy !== undefined && { proxy: parseProxyUrl(proxy) }),
    extraCertificates: extraCertificates(settings),
    useSystemStore: systemStore,
    allowPrivateTargets,
    deadlines: DEFAULT_DEADLINES,
    log: (code, detail) => state.incident(code, detail),
  });
  opened.push(() =>
    Promise.race([outgoing.close(), new Promise<void>((resolve) => setTimeout(resolve, 500).unref())]),
  );
  return outgoing;
}

/** The byte edge with the journey behind it. */
async function listen(options: StartOptions, settings: LoadedConfig, parts: Parts): Promise<Listener> {
  const {
    state,
    policy,
    trust,
    records,
    vault,
    exceptions,
    spend,
    user,
    pending,
    managed,
    outgoing,
    opened,
    telemetry,
    gateway,
  } = parts;
  const { config } = settings;
  const { allowPrivateTargets } = config.upstream;
  const cache = createScanCache();
  const attachments = createOpener({ log: (code, detail) => state.incident(code, detail) });
  opened.push(() => attachments.close());
  state.checks = () => checkCounters(parts.remoteChecks, attachments, policy().policy.guardrails);
  const journey = createJourney({
    policy,
    scan: (detector, text) => cache.scan(detector, text),
    attachments,
    spend,
    pause: () => setImmediate(),
    recorder: records,
    nowMs: () => Date.now(),
    newId: newDecisionId,
    device: hostname(),
    user,
    vault,
    gateway,
    track: (work) => pending.track(work),
    failed: (id, ofPolicy) => {
      state.failed(id);
      // A body that can't be read says nothing about the policy.
      if (ofPolicy) managed.ruleFailed();
    },
    exceptionFor: (ruleId, appId) => exceptions.find(ruleId, appId),
    onExchange: (record) => state.exchangeEnded(record),
  });
  const governor = telemetry.observes(state.governs(journey));
  const processes = clientProcesses(policy, (code, detail) => state.incident(code, detail));
  const open = (port: number): Listener =>
    createListener({
      host: config.listen.host,
      port,
      governor,
      certificates: trust.authority,
      outgoing,
      relayWebSocket: createRelayWebSocket(),
      processes,
      pac: () => ({
        script: buildPac([...managed.inspectedHosts()], state.proxyAddress),
        version: policy().identity.revision,
      }),
      newId: newDecisionId,
      nowMs: () => performance.now(),
      allowPrivateTargets,
    });
  let listener = open(config.listen.port);
  try {
    state.listening(await listener.listen(), listener);
  } catch (error) {
    const taken = error instanceof InterceptError && error.code === 'port-in-use';
    if (!taken || options.portTaken === 'fail') throw error;
    listener = open(0);
    state.listening(await listener.listen(), listener);
  }
  return listener;
}

let idCounter = 0;
const idPrefix = randomBytes(5).toString('hex');

/** Unique on this device, short enough to read out: when, which agent, which call. */
function newDecisionId(): string {
  idCounter += 1;
  return `${Date.now().toString(36)}-${idPrefix.slice(0, 4)}-${idCounter.toString(36)}`;
}

/** The signed-in person, or a name that only this device can lead back to them (`privacy.pseudonymous`). */
function userName(
  files: HomeFiles,
  policy: () => CompiledPolicy,
  signedIn: () => SignedInUser | undefined,
): () => string {
  const { username } = userInfo();
  let known: { readonly subject: string; readonly pseudonym: string } | undefined;
  return () => {
    const person = signedIn();
    if (!policy().policy.privacy.pseudonymous) return person?.name ?? username;
    const subject = person?.subject ?? username;
    if (known?.subject !== subject) known = { subject, pseudonym: pseudonymOf(subject, files) };
    return known.pseudonym;
  };
}

const pseudonymOf = (subject: string, files: HomeFiles): string =>
  `person-${createHmac('sha256', pseudonymKey(files)).update(subject).digest('hex').slice(0, 12)}`;

function pseudonymKey(files: HomeFiles): string {
  const file = `${files.directory}/pseudonym.key`;
  const present = readPrivateFile(file);
  if (present !== undefined) return present;
  const made = randomBytes(32).toString('hex');
  writePrivateFile(file, made);
  return made;
}

/** Where the message doesn't already say it. */
const RECORD_MENDS: Partial<Record<RecordErrorCode, string>> = {
  'disk-full': 'Or choose a home on another disk with --home.',
  'write-failed': 'Check the disk and the rights of that folder, or choose another home with --home.',
};

/** Typed errors of the rooms, with the exit code a script can rely on. */
function asFailure(error: unknown): unknown {
  if (error instanceof InterceptError) {
    const exitCode = error.code === 'port-in-use' ? 1 : 2;
    const mend =
      error.code === 'port-in-use'
        ? 'Set listen.port in the configuration to a free port, or to 0 for any.'
        : undefined;
    return new CommandFailure(error.code, exitCode, error.message, mend, { cause: error });
  }
  if (error instanceof ProxyUrlError) {
    return new CommandFailure(`proxy-${error.code}`, 2, `upstream.proxy: ${error.message}`, undefined, {
      cause: error,
    });
  }
  if (error instanceof RecordError)
    return new CommandFailure(error.code, 2, error.message, RECORD_MENDS[error.code], { cause: error });
  return error;
}

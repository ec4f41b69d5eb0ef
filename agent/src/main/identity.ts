import path from 'node:path';
import type { DeviceIdentity } from '../core/device.ts';
import type { SendHttp } from '../core/http.ts';
import type { SignedInUser, VirtualKeys } from '../core/identity.ts';
import type { Problem } from '../core/problem.ts';
import type { SecretStore } from '../core/secrets.ts';
import type { Tenant } from '../core/tenant.ts';
import type { HomeFiles } from '../platform/home.ts';
import { readPrivateFile } from '../platform/private-files.ts';
import { type Keychain, osKeychain } from '../platform/secrets/keychain.ts';
import { openSecretStore } from '../platform/secrets/secret-store.ts';
import type { AgentStatus } from '../serve/contract.ts';
import type { Config } from '../sync/config-schema.ts';
import type { IdentityConfig } from '../sync/identity/config.ts';
import { KeyRing, type KeyView } from '../sync/identity/key-ring.ts';
import type { Session, SessionView } from '../sync/identity/session.ts';
import { exchangeToken } from '../sync/identity/token-exchange.ts';
import { type OpenDevice, openDevice } from './device.ts';
import { atOrigins } from './send-http.ts';
import { TenantKeeper } from './tenant-keeper.ts';

/** The agent's state as far as identity needs it. */
export interface IdentityHost {
  readonly settings: { readonly config: Config };
  identity: Identity | undefined;
  onChange(): void;
}

export interface IdentityOptions {
  readonly files: HomeFiles;
  readonly state: IdentityHost;
  readonly send: SendHttp;
  readonly version: string;
  /** Into the audit log, also before there is a journey. */
  readonly event: (code: string, detail: string) => void;
  /** Somebody signed in or out, or the device was enrolled: what depends on who it is asks again. */
  readonly onWho?: () => void;
  readonly keychain?: Keychain;
  readonly nowMs?: () => number;
}

type Degraded = AgentStatus['degraded'];

/** Person, keys and device: what the other rooms ask for, and what status shows. */
export interface Identity {
  user(): SignedInUser | undefined;
  readonly virtualKeys: VirtualKeys;
  readonly device: DeviceIdentity;
  tenant(): Tenant | undefined;
  problems(): Degraded;
  status(): Pick<AgentStatus, 'identity' | 'device'>;
  /** Undefined where no provider is configured. */
  session(): Promise<Session | undefined>;
  readonly keys: KeyRing;
  readonly tenants: TenantKeeper;
  /** All that is read at the start has been. */
  readonly opened: Promise<void>;
  close(): void;
}

/** Where the configuration itself says that people, keys and enrolment are. */
export const identityServers = ({ identity, tenant }: Config): ((url: URL) => boolean) =>
  atOrigins([identity?.issuer, identity?.tokenExchange?.endpoint, tenant?.enrolUrl]);

/** Returns at once: the keychain and the provider are asked afterwards. */
export function createIdentity({
  files,
  state,
  send,
  version,
  event,
  ...options
}: IdentityOptions): Identity {
  const { config } = state.settings;
  const nowMs = options.nowMs ?? (() => Date.now());
  const keychain = options.keychain ?? osKeychain();
  const onChange = (): void => state.onChange();
  const onWho = (): void => options.onWho?.();
  const device = openDevice(files.deviceKeyFile);
  if (device.isNew) event('device-key-made', device.id);
  const tenants = new TenantKeeper({
    file: files.tenantFile,
    config: config.tenant,
    device,
    send,
    version,
    nowMs,
    event,
    onPinned: onWho,
  });
  const secrets = openSecretStore({
    directory: files.secretsDirectory,
    store: config.secrets.store,
    keychain,
    nowMs,
    event,
  });
  let session: Session | undefined;
  /** Before that it isn't known whether an earlier sign-in still counts. */
  let isOpened = false;
  const keys = new KeyRing({
    configured: config.gateway?.virtualKey,
    keychain,
    credentialFile: (name) => credentialIn(files.credentialsDirectory, name),
    secrets,
    mayType: () => state.settings.config.tray.allowVirtualKeyEntry,
    exchange:
      config.identity?.tokenExchange === undefined
        ? undefined
        : () => exchangeFor(session, config.identity, send),
    exchangeName: config.identity?.tokenExchange?.keyName ?? '',
    nowMs,
    event,
    onChange,
  });
  const follow = (): void => {
    onChange();
    onWho();
    // Its failures are its own problem, and are shown.
    void keys.signedInChanged(session?.claimedKey, session?.user !== undefined);
  };
  const opening = config.identity && openSession(config.identity, send, secrets, nowMs, event, follow);
  const opened = (async () => {
    session = await opening;
    await session?.open();
    isOpened = true;
    await keys.open();
    await tenants.enrolByConfig();
    onChange();
    onWho();
  })();
  opened.catch((error: unknown) =>
    event('identity-failed', error instanceof Error ? error.message : String(error)),
  );
  const problems = (): Degraded =>
    [
      secrets.problem,
      session?.view.problem ?? (isOpened ? signInNeeded(session) : undefined),
      keys.problem,
      tenants.problem,
    ]
      .filter((problem) => problem !== undefined)
      .map(plain);
  const identity: Identity = {
    user: () => session?.user,
    virtualKeys: keys,
    device,
    tenant: () => tenants.current(),
    problems,
    status: () => ({
      identity: identityView(config.identity, session, keys, secrets, state),
      device: deviceView(device, tenants.current()),
    }),
    session: async () => {
      await opening;
      return session;
    },
    keys,
    tenants,
    opened,
    close() {
      session?.close();
      keys.close();
      tenants.close();
    },
  };
  state.identity = identity;
  return identity;
}

/** An organisation that names a provider wants people to sign in; while somebody is at it, nobody is told. */
function signInNeeded(session: Session | undefined): Problem | undefined {
  if (session === undefined || session.user !== undefined || session.view.pending !== undefined)
    return undefined;
  return {
    code: 'sign-in-needed',
    text: 'Nobody is signed in: what your organisation gives to you or your team (keys, budgets, rules) does not count yet.',
    mend: 'Sign in: postern login',
  };
}

/** The provider's library is loaded only where there is a provider. */
async function openSession(
  config: IdentityConfig,
  send: SendHttp,
  secrets: SecretStore,
  nowMs: () => number,
  event: (code: string, detail: string) => void,
  onChange: () => void,
): Promise<Session> {
  const [{ createProvider }, { Session: SessionClass }] = await Promise.all([
    import('../sync/identity/provider.ts'),
    import('../sync/identity/session.ts'),
  ]);
  const provider = createProvider(config, send, nowMs);
  return new SessionClass({ config, provider, secrets, nowMs, random: Math.random, event, onChange });
}

async function exchangeFor(
  session: Session | undefined,
  config: IdentityConfig | undefined,
  send: SendHttp,
): ReturnType<NonNullable<ConstructorParameters<typeof KeyRing>[0]['exchange']>> {
  const exchange = config?.tokenExchange;
  if (session === undefined || config === undefined || exchange === undefined) return undefined;
  const accessToken = await session.accessToken();
  const subjectToken = exchange.subjectToken === 'id_token' ? session.idToken : accessToken;
  if (accessToken === undefined || subjectToken === undefined) return undefined;
  return exchangeToken(send, exchange, config.clientId, subjectToken);
}

/** A plain name only: it comes from the configuration, but must not lead out of the folder. */
function credentialIn(directory: string, name: string): string | undefined {
  if (!/^[\w.-]+$/.test(name) || name.startsWith('.')) return undefined;
  return readPrivateFile(path.join(directory, name))?.trim() || undefined;
}

const plain = ({ code, text, mend }: Problem): Degraded[number] => ({
  code,
  text,
  ...(mend !== undefined && { mend }),
});

function identityView(
  config: IdentityConfig | undefined,
  session: Session | undefined,
  keys: KeyRing,
  secrets: SecretStore,
  state: IdentityHost,
): AgentStatus['identity'] {
  const view = session?.view;
  const user = view?.user;
  return {
    ...(config !== undefined && { issuer: config.issuer }),
    state: config === undefined ? 'not-configured' : user === undefined ? 'signed-out' : 'signed-in',
    ...(user !== undefined && { user: { ...user, groups: [...user.groups] } }),
    ...(view?.signedInAtMs !== undefined && { signedInAtMs: view.signedInAtMs }),
    ...(view?.validUntilMs !== undefined && { validUntilMs: view.validUntilMs }),
    ...(view?.pending !== undefined && { pending: pendingView(view.pending) }),
    ...(view?.problem !== undefined && { problem: plain(view.problem) }),
    keys: keys.views.map(keyView),
    mayTypeKeys: state.settings.config.tray.allowVirtualKeyEntry,
    secretsIn: secrets.kept,
  };
}

/** The contract's optional fields are absent, never undefined. */
const keyView = ({ expiresAtMs, refused, ...view }: KeyView): AgentStatus['identity']['keys'][number] => ({
  ...view,
  ...(expiresAtMs !== undefined && { expiresAtMs }),
  ...(refused !== undefined && { refused }),
});

const pendingView = ({
  userCode,
  ...view
}: NonNullable<SessionView['pending']>): NonNullable<AgentStatus['identity']['pending']> => ({
  ...view,
  ...(userCode !== undefined && { userCode }),
});

function deviceView(
  { id, fingerprintSha256 }: OpenDevice,
  tenant: Tenant | undefined,
): AgentStatus['device'] {
  return {
    id,
    fingerprintSha256,
    ...(tenant !== undefined && {
      tenant: {
        id: tenant.id,
        enrolledAtMs: tenant.enrolledAtMs,
        ...(tenant.name !== undefined && { name: tenant.name }),
      },
    }),
  };
}

const BEFORE_OPENING: Pick<AgentStatus, 'identity' | 'device'> = {
  identity: { state: 'not-configured', keys: [], mayTypeKeys: false, secretsIn: 'unopened' },
  device: { id: '', fingerprintSha256: '' },
};

/** For a status that is asked for before identity is there. */
export const identityStatus = (identity: Identity | undefined): Pick<AgentStatus, 'identity' | 'device'> =>
  identity?.status() ?? BEFORE_OPENING;

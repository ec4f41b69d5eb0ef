import { hostname } from 'node:os';
import { z } from 'zod';
import type { SendHttp } from '../core/http.ts';
import type { Problem } from '../core/problem.ts';
import type { Tenant } from '../core/tenant.ts';
import { readPrivateFile, writePrivateFile } from '../platform/private-files.ts';
import type { TenantConfig } from '../sync/identity/config.ts';
import { enrol } from '../sync/identity/enrol.ts';
import { IdentityError } from '../sync/identity/identity-error.ts';
import type { OpenDevice } from './device.ts';

export interface TenantKeeperOptions {
  readonly file: string;
  readonly config: TenantConfig | undefined;
  readonly device: OpenDevice;
  readonly send: SendHttp;
  readonly version: string;
  readonly nowMs: () => number;
  readonly event: (code: string, detail: string) => void;
  /** Another organisation than before, or the first. */
  readonly onPinned?: () => void;
  readonly retryMs?: number;
}

/** A laptop that is set up before it has a network. */
const RETRY_MS = 60_000;

const stored = z.object({
  version: z.literal(1),
  deviceId: z.string(),
  id: z.string(),
  name: z.string().optional(),
  enrolUrl: z.string(),
  enrolledAtMs: z.number(),
  policyRoots: z.array(z.string()),
});

/** As it was pinned; `unreadable` is not "none": whoever can damage the file must win nothing by it. */
export function readTenant(file: string): StoredTenant | 'unreadable' | undefined {
  const text = readPrivateFile(file);
  if (text === undefined) return undefined;
  const parsed = stored.safeParse(parseJson(text));
  return parsed.success ? { name: undefined, ...parsed.data } : 'unreadable';
}

type StoredTenant = Tenant & { readonly deviceId: string };

/** The organisation that this device belongs to: pinned once, never exchanged for another without a reset. */
export class TenantKeeper {
  readonly #options: TenantKeeperOptions;
  #pinned: StoredTenant | undefined;
  #problem: Problem | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: TenantKeeperOptions) {
    this.#options = options;
    const read = readTenant(options.file);
    if (read !== 'unreadable') this.#pinned = read;
    else {
      this.#problem = {
        code: 'enrolment-unreadable',
        text: `${options.file} can't be read: it is not known which organisation this device belongs to.`,
        mend: 'An administrator may run: postern enroll --reset',
      };
    }
  }

  current(): Tenant | undefined {
    return this.#pinned;
  }

  get problem(): Problem | undefined {
    const { config, device } = this.#options;
    const pinned = this.#pinned;
    if (this.#problem !== undefined || pinned === undefined) return this.#problem;
    if (config !== undefined && config.id !== pinned.id) {
      return {
        code: 'tenant-mismatch',
        text: `The configuration is of the organisation ${config.id}, but this device is enrolled with ${pinned.id}, which stays.`,
        mend: 'If the device changed hands, an administrator may run: postern enroll --reset',
      };
    }
    if (pinned.deviceId !== device.id) {
      return {
        code: 'enrolment-stale',
        text: "The device's key is another than the one that was enrolled.",
        mend: 'Enrol again with a new token: postern enroll',
      };
    }
    return undefined;
  }

  close(): void {
    clearTimeout(this.#retry);
  }

  /** By the managed configuration, once. What stands in the way becomes the problem, and is tried again if it may pass. */
  async enrolByConfig(): Promise<void> {
    const { config } = this.#options;
    if (config?.enrolUrl === undefined || config.enrolToken === undefined || this.#pinned !== undefined)
      return;
    if (this.#problem?.code === 'enrolment-unreadable') return;
    try {
      await this.enrol(config.enrolUrl, config.enrolToken);
    } catch (error) {
      const known = error instanceof IdentityError ? error : undefined;
      const text = error instanceof Error ? error.message : String(error);
      this.#options.event('enrolment-failed', known?.code ?? text);
      this.#problem = { code: known?.code ?? 'enrolment-failed', text, mend: known?.mend };
      if (known?.isPassing !== true) return;
      this.#retry = setTimeout(() => void this.enrolByConfig(), this.#options.retryMs ?? RETRY_MS);
      this.#retry.unref();
    }
  }

  /** Throws IdentityError. `url` may be left out where the configuration or the last enrolment names it. */
  async enrol(url: string | undefined, token: string): Promise<Tenant> {
    const { config, device, send, version, nowMs, event, file } = this.#options;
    const target = this.#target(url ?? config?.enrolUrl ?? this.#pinned?.enrolUrl);
    const pinned = this.#pinned;
    if (this.#problem?.code === 'enrolment-unreadable')
      throw new IdentityError('enrolment-refused', this.#problem.text, this.#problem.mend);
    // Before the token is shown to anybody.
    if (pinned !== undefined && new URL(target).origin !== new URL(pinned.enrolUrl).origin)
      throw taken(pinned);
    const about = { hostname: hostname(), os: `${process.platform} ${process.arch}`, version };
    const granted = await enrol(send, device, { url: target, token, about }, nowMs());
    if (pinned !== undefined && granted.id !== pinned.id) throw taken(pinned);
    if (config !== undefined && granted.id !== config.id) {
      throw new IdentityError(
        'enrolment-refused',
        `${new URL(target).host} is the organisation ${granted.id}; the configuration allows ${config.id} only.`,
        'Check the address, or tenant.id in the configuration.',
      );
    }
    // Roots change by their own signed rotation, never by asking the server again.
    const policyRoots = pinned?.policyRoots.length ? pinned.policyRoots : granted.policyRoots;
    const tenant = { ...granted, policyRoots };
    writePrivateFile(
      file,
      `${JSON.stringify({ version: 1, deviceId: device.id, ...tenant }, undefined, 2)}\n`,
    );
    this.#pinned = { ...tenant, deviceId: device.id };
    this.#problem = undefined;
    event('device-enrolled', `${tenant.id}, device ${device.id}`);
    this.#options.onPinned?.();
    return tenant;
  }

  #target(url: string | undefined): string {
    if (url === undefined) {
      throw new IdentityError(
        'enrolment-refused',
        'The address to enrol at is not known.',
        'Name it: postern enroll https://…',
      );
    }
    const isLoopback = /^http:\/\/(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)(?::\d+)?\//.test(url);
    if (!URL.canParse(url) || (new URL(url).protocol !== 'https:' && !isLoopback)) {
      throw new IdentityError('enrolment-refused', 'The address must be an https URL.');
    }
    return url;
  }
}

const taken = ({ id, name }: Tenant): IdentityError =>
  new IdentityError(
    'enrolment-refused',
    `This device is enrolled with ${name ?? id}; another organisation is refused.`,
    'If the device changed hands, an administrator may run: postern enroll --reset',
  );

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}

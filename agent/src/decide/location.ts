import type { Catalogue, PathRule, Service } from '../../../policies/schema/catalogue.ts';
import type { ServiceRule } from '../../../policies/schema/policy.ts';
import type { Mode } from '../core/decision.ts';
import type { DialectId, Operation } from '../core/exchange.ts';
import { coversPattern, HostTable } from './host-table.ts';
import { PathTable } from './path-table.ts';
import { serviceOfPolicy } from './policy-service.ts';
import type { CompiledServiceRule } from './rules.ts';

/** Where a call goes, in the catalogue's words. Known from the request head alone. */
export interface Location {
  readonly host: string;
  readonly service: Service;
  readonly operation: Operation;
  readonly dialect: DialectId;
  /** The catalogue's line that named the path; undefined where none did. */
  readonly pathRule: PathRule | undefined;
  /** The service rules that name this service or host, in the policy's order. */
  readonly serviceRules: readonly CompiledServiceRule[];
}

interface HostEntry {
  readonly services: readonly Service[];
  readonly rules: ReadonlyMap<Service, readonly CompiledServiceRule[]>;
  readonly paths: PathTable;
  readonly inspect: boolean;
}

/** Everything about hosts and paths that can be settled once per policy. */
export interface Locator {
  route(host: string): 'inspect' | 'tunnel';
  locate(host: string, method: string, path: string, webSocket: boolean): Location | undefined;
  /** Where a recorded call went, whose path isn't kept. */
  recall(host: string, serviceId: string, operation: string): Location | undefined;
  /** Host patterns that are decrypted: for the PAC file. */
  inspectedHosts(): readonly string[];
  /** What the device CA may ever certify: the catalogue's AI hosts, whatever their mode, and the policy's. */
  certifiableHosts(): readonly string[];
}

export function compileLocator(catalogue: Catalogue, rules: readonly CompiledServiceRule[]): Locator {
  const services = servicesByPattern(catalogue, rules);
  const entries = new HostTable<HostEntry>();
  for (const [pattern, here] of services.patterns()) entries.set(pattern, makeEntry(pattern, here, rules));
  return {
    route: (host) => (entries.find(host)?.inspect === true ? 'inspect' : 'tunnel'),
    locate(host, method, path, webSocket) {
      const entry = entries.find(host);
      return entry === undefined ? undefined : locateIn(entry, host, method, path, webSocket);
    },
    recall(host, serviceId, operation) {
      const entry = entries.find(host);
      const service = entry?.services.find(({ id }) => id === serviceId);
      if (entry === undefined || service === undefined) return undefined;
      const pathRule = service.paths.find((rule) => rule.operation === operation);
      return {
        host,
        service,
        operation: operation as Operation,
        dialect: pathRule?.dialect ?? 'opaque',
        pathRule,
        serviceRules: entry.rules.get(service) ?? [],
      };
    },
    inspectedHosts: () => [...entries.patterns()].filter(([, entry]) => entry.inspect).map(([host]) => host),
    certifiableHosts: () =>
      [...entries.patterns()]
        .filter(([, { services: here, inspect }]) => inspect || here.some(isGoverned))
        .map(([host]) => host),
  };
}

/** Assets and local servers are only touched when a rule names them, never by `*` or a kind. */
const isGoverned = ({ kind }: Service) => kind !== 'assets' && kind !== 'local';

/** Every host pattern of catalogue and policy. A policy's narrower pattern gets the services of the wider one. */
function servicesByPattern(
  catalogue: Catalogue,
  rules: readonly CompiledServiceRule[],
): HostTable<Service[]> {
  const table = new HostTable<Service[]>();
  for (const service of catalogue.services) {
    for (const host of service.hosts) {
      const here = table.at(host);
      if (here === undefined) table.set(host, [service]);
      else here.push(service);
    }
  }
  for (const { rule } of rules) {
    for (const name of rule.match) {
      if (!isHostName(name) || table.at(name) !== undefined) continue;
      table.set(name, [...(table.covering(name) ?? [serviceOfPolicy(name, rule.dialect)])]);
    }
  }
  return table;
}

const isHostName = (name: string) => name.includes('.') && !name.startsWith('kind:');

function makeEntry(
  pattern: string,
  services: readonly Service[],
  rules: readonly CompiledServiceRule[],
): HostEntry {
  const perService = new Map(
    services.map((service) => [service, rules.filter(({ rule }) => names(rule, service, pattern))]),
  );
  return {
    services,
    rules: perService,
    paths: new PathTable(services),
    // A refusal can only be read by the client after the handshake, so `block` is inspected too.
    inspect: services.some((service) =>
      possibleModes(service, perService.get(service) ?? []).some((mode) => mode !== 'tunnel'),
    ),
  };
}

function names({ match }: ServiceRule, service: Service, pattern: string): boolean {
  return match.some(
    (name) =>
      (name === '*' && isGoverned(service)) ||
      name === service.id ||
      (name === `kind:${service.kind}` && isGoverned(service)) ||
      (isHostName(name) && coversPattern(name, pattern)),
  );
}

/** Modes that some call to this service could get: conditions are taken to go either way. */
function possibleModes(service: Service, rules: readonly CompiledServiceRule[]): Mode[] {
  const modes: Mode[] = [];
  for (const { rule, when } of rules) {
    modes.push(rule.mode);
    if (when === undefined) return modes;
  }
  return [...modes, service.defaultMode];
}

function locateIn(
  entry: HostEntry,
  host: string,
  method: string,
  path: string,
  webSocket: boolean,
): Location | undefined {
  const match = entry.paths.find(method, path, webSocket);
  const service = match?.service ?? entry.services[0];
  if (service === undefined) return undefined;
  return {
    host,
    service,
    operation: match?.rule.operation ?? fallbackOperation(service, webSocket),
    dialect: match?.rule.dialect ?? 'opaque',
    pathRule: match?.rule,
    serviceRules: entry.rules.get(service) ?? [],
  };
}

/** Off the listed paths an API host does housekeeping; a chat site may do anything, and so may any open socket. */
function fallbackOperation({ kind }: Service, webSocket: boolean): Operation {
  return !webSocket && (kind === 'api' || kind === 'ide') ? 'control' : 'unknown';
}

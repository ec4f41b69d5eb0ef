/** From a request the edge has read to a driven flow: names checked, Host set, governor asked. */
import type { Authority, Connection } from '../../core/connection.ts';
import type { Flow, RequestHead } from '../../core/flow.ts';
import { DEFECT, errorAnswer, MISDIRECTED } from './answers.ts';
import { formatAuthority, parseAuthority } from './authority.ts';
import type { Client } from './client.ts';
import type { DrivenCall } from './driven-call.ts';
import type { Edge } from './edge.ts';
import { FlowDriver } from './flow-driver.ts';
import type { HeadFacts } from './request-head.ts';

/** One place a request may go to, with what is constant about it. */
export interface Destination {
  readonly target: Authority;
  readonly scheme: 'https' | 'http';
  /** The target as it stands in Host. */
  readonly authority: string;
  /** False: nobody listed it; forwarded without being looked at. */
  readonly inspected: boolean;
}

export function destination(target: Authority, scheme: 'https' | 'http', inspected: boolean): Destination {
  return { target, scheme, authority: formatAuthority(target, scheme), inspected };
}

export interface Inbound {
  readonly edge: Edge;
  readonly connection: Connection;
  readonly destination: Destination;
  readonly client: Client;
  readonly facts: HeadFacts;
  readonly hasBody: boolean;
  readonly httpVersion: RequestHead['httpVersion'];
  readonly webSocket: boolean;
  readonly startedAtMs: number;
  readonly dispatch?: DrivenCall<FlowDriver>['dispatch'];
}

/** True if `text` (Host, `:authority`, an absolute form's authority) means this destination and no other. */
function means(text: string, to: Destination): boolean {
  if (text === to.authority) return true;
  const named = parseAuthority(text, to.scheme === 'https' ? 443 : 80);
  return named !== undefined && named.host === to.target.host && named.port === to.target.port;
}

const ABSOLUTE_FORM = /^(https?):\/\/([^/?#]*)([^#]*)$/i;

export interface AbsoluteForm {
  readonly scheme: 'https' | 'http';
  readonly authority: string;
  /** Path and query, untouched. */
  readonly path: string;
}

/** RFC 9112 section 3.2.2; undefined if it isn't one. */
export function parseAbsoluteForm(text: string): AbsoluteForm | undefined {
  const match = ABSOLUTE_FORM.exec(text);
  if (match === null) return undefined;
  const rest = match[3] ?? '';
  return {
    scheme: match[1]?.length === 5 ? 'https' : 'http',
    authority: match[2] ?? '',
    path: rest.startsWith('/') ? rest : `/${rest}`,
  };
}

/** The request's target inside a tunnel, in origin form; or why the request is refused. Sets `facts.path`. */
export function agreeOnTarget(facts: HeadFacts, to: Destination): 'agreed' | 'misdirected' | 'malformed' {
  const host = facts.hostIndex === -1 ? undefined : facts.headers[facts.hostIndex];
  if (host !== undefined && !means(host, to)) return 'misdirected';
  if (facts.authority !== undefined && !means(facts.authority, to)) return 'misdirected';
  if (facts.scheme !== undefined && facts.scheme !== to.scheme) return 'misdirected';
  if (facts.path.startsWith('/')) return 'agreed';
  if (facts.path === '*') return facts.method === 'OPTIONS' ? 'agreed' : 'malformed';
  const absolute = parseAbsoluteForm(facts.path);
  if (absolute === undefined) return 'malformed';
  if (absolute.scheme !== to.scheme || !means(absolute.authority, to)) return 'misdirected';
  facts.path = absolute.path;
  return 'agreed';
}

export function refuse(edge: Edge, client: Client, status: number, code: string, sentence: string): void {
  edge.counters.refused++;
  client.answer(errorAnswer(status, code, sentence));
}

export function refuseMisdirected(edge: Edge, client: Client): void {
  edge.counters.refused++;
  client.answer(MISDIRECTED);
}

/** Asks the governor, and drives what it answers. */
export function govern(inbound: Inbound): void {
  const { edge, client, facts, destination: to } = inbound;
  if (facts.problem !== undefined) {
    refuse(edge, client, 400, 'bad-request', facts.problem);
    return;
  }
  setHost(facts, to.authority);
  let flow: Flow;
  try {
    flow = to.inspected
      ? edge.options.governor.openFlow(requestHead(inbound), inbound.connection)
      : UNGOVERNED;
  } catch (error) {
    edge.flowThrew(error);
    client.answer(DEFECT);
    return;
  }
  new FlowDriver({
    edge,
    client,
    flow,
    target: to.target,
    scheme: to.scheme,
    facts,
    hasBody: inbound.hasBody,
    inspected: to.inspected,
    startedAtMs: inbound.startedAtMs,
    ...(inbound.dispatch && { dispatch: inbound.dispatch }),
  }).start();
}

function requestHead(inbound: Inbound): RequestHead {
  const { facts, destination: to } = inbound;
  return {
    method: facts.method,
    scheme: to.scheme,
    authority: to.target,
    path: facts.path,
    headers: facts.headers,
    httpVersion: inbound.httpVersion,
    webSocket: inbound.webSocket,
    hasBody: inbound.hasBody,
  };
}

/** RFC 9112 section 3.2.2: the target decides, so Host says what the target says. */
function setHost(facts: HeadFacts, authority: string): void {
  if (facts.hostIndex === -1) facts.headers.unshift('Host', authority);
  else facts.headers[facts.hostIndex] = authority;
}

/** Plain requests to hosts that the policy doesn't name. */
const UNGOVERNED: Flow = {
  requestPlan: { type: 'stream' },
  requestBody: () => ({ type: 'forward' }),
  requestBodyFailed: () => ({ type: 'forward' }),
  responseHead: () => ({ type: 'pass' }),
  responseBody: () => ({ type: 'forward' }),
  responseBodyFailed: () => ({ type: 'forward' }),
  responseData: () => [],
  responseEnd: () => [],
  openWebSocket: () => ({ type: 'relay', message: () => [{ type: 'forward' }] }),
  finish: () => undefined,
};

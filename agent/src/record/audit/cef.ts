/** ArcSight Common Event Format, version 0 (CEF Implementation Standard, "Header" and "Extension"). */
import { type ChainedBody, type ExchangeBody, ruleWord } from './body.ts';

const PRODUCT = 'CEF:0|Postern|Postern|1';

export function cefLine(body: ChainedBody): string {
  const { signature, name, severity } = headline(body);
  const header = [PRODUCT, escapeHeader(signature), escapeHeader(name), severity].join('|');
  const fields = Object.entries(extension(body)).filter(([, value]) => value !== undefined);
  return `${header}|${fields.map(([key, value]) => `${key}=${escapeValue(String(value))}`).join(' ')}`;
}

function headline(body: ChainedBody): { signature: string; name: string; severity: number } {
  if (body.kind === 'event') return { signature: body.code, name: 'Agent event', severity: 3 };
  if (body.kind === 'dropped') return { signature: 'records-dropped', name: 'Records dropped', severity: 7 };
  const severity = { block: 8, justify: 6, redact: 6, warn: 4 }[body.effective] ?? 1;
  return { signature: `ai-${body.effective}`, name: `AI call: ${body.effective}`, severity };
}

type Extension = Readonly<Record<string, string | number | undefined>>;

function extension(body: ChainedBody): Extension {
  const common = { rt: body.atMs, externalId: body.id, cn1Label: 'sequence', cn1: body.sequence };
  if (body.kind === 'event') return { ...common, msg: body.detail };
  if (body.kind === 'dropped') return { ...common, cnt: body.count, msg: `${body.count} records dropped` };
  return { ...common, ...exchangeExtension(body) };
}

const exchangeExtension = (body: ExchangeBody): Extension => ({
  end: body.atMs + body.durationMs,
  dvchost: body.device,
  suser: body.user,
  dhost: body.host,
  sourceServiceName: body.app.id,
  sproc: body.app.process?.name,
  spid: body.app.process?.pid,
  destinationServiceName: body.service,
  act: body.effective,
  outcome: body.result,
  reason: body.cause,
  out: body.bytes.request,
  in: body.bytes.response,
  cs1Label: 'model',
  cs1: body.model,
  cs2Label: 'rules',
  cs2: body.rules.map(ruleWord).join(' '),
  cs3Label: 'findings',
  cs3: Object.entries(body.findings)
    .map(([kind, count]) => `${kind}=${count}`)
    .join(' '),
  cs4Label: 'policy',
  cs4: `${body.policy.name}@${body.policy.revision}`,
  cs5Label: 'decision',
  cs5: body.decision,
  cs6Label: 'mode',
  cs6: body.mode,
  cn2Label: 'tokens',
  cn2: body.tokens && (body.tokens.input ?? 0) + (body.tokens.output ?? 0),
  cn3Label: 'nanoUsd',
  cn3: body.cost?.nanoUsd,
});

const escapeHeader = (text: string): string => oneLine(text).replace(/[\\|]/g, '\\$&');
const escapeValue = (text: string): string =>
  text.replace(/[\\=]/g, '\\$&').replace(/\r/g, '\\r').replace(/\n/g, '\\n');
const oneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ');

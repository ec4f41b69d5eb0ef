import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { type PolicyCase, parseCases } from '../../../../policies/schema/cases.ts';
import { formatProblems } from '../../../../policies/schema/problem.ts';
import { Forecaster } from '../../account/forecast.ts';
import { SpendBook } from '../../account/spend/spend-book.ts';
import { type CaseOutcome, CommandFailure, type PolicyTest } from '../../cli/ports.ts';
import type { AttachmentOpener } from '../../core/attachment.ts';
import type { RequestHead } from '../../core/flow.ts';
import type { CompiledPolicy } from '../../decide/compile.ts';
import { type Trial, tryCall } from '../../journey/trial.ts';
import { createOpener } from '../../open/open.ts';
import { requirePolicy } from '../active-policy.ts';
import { appNamed } from '../app-named.ts';
import { answerBody, requestBody } from './bodies.ts';
import { fillSamples } from './samples.ts';

/** `postern policy test`: every case through the real journey, with nothing sent. */
export async function testPolicy(policyFile: string, casesFile: string): Promise<PolicyTest> {
  const policy = requirePolicy({ kind: 'file', file: policyFile });
  const outcomes: CaseOutcome[] = [];
  const attachments = createOpener();
  try {
    for (const one of readCases(casesFile)) outcomes.push(await runCase(policy, one, attachments));
  } finally {
    await attachments.close();
  }
  return { policy: policy.identity, file: casesFile, cases: outcomes };
}

function readCases(file: string): readonly PolicyCase[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const mend = 'Check the path and its permissions.';
    throw new CommandFailure('cases-unreadable', 2, `The case file ${file} can't be read: ${why}`, mend, {
      cause,
    });
  }
  const parsed = parseCases(text, file);
  if (parsed.ok) return parsed.cases;
  const problems = formatProblems(parsed.problems).trimEnd();
  throw new CommandFailure('cases-invalid', 2, `The case file can't be used:\n${problems}`);
}

async function runCase(
  policy: CompiledPolicy,
  one: PolicyCase,
  attachments: AttachmentOpener,
): Promise<CaseOutcome> {
  const { name, expect: expected } = one;
  const fill = (text: string): string => fillSamples(text, name);
  const url = new URL(one.url);
  const dialect = policy.locate(url.hostname, 'POST', url.pathname, false)?.dialect ?? 'opaque';
  const texts = {
    ...one,
    prompt: fill(one.prompt ?? ''),
    ...(one.toolResult !== undefined && { toolResult: fill(one.toolResult) }),
  };
  const body = bodyText(one.body === undefined ? requestBody(dialect, texts) : one.body, fill);
  const answer = one.answer === undefined ? undefined : JSON.stringify(answerBody(dialect, fill(one.answer)));
  const app = one.app === undefined ? undefined : appNamed(one.app);
  const nowMs = one.at === undefined ? Date.now() : Date.parse(one.at);
  const trial = await tryCall(
    {
      scan: (detector, text) => detector.scan(text),
      attachments,
      // Nothing has been spent yet: a call is stopped if it is too dear by itself.
      spend: {
        book: new SpendBook({ nowMs: () => nowMs, monotonicMs: () => nowMs }),
        forecaster: new Forecaster(),
      },
      nowMs: () => nowMs,
      newId: () => 'policy-test',
      device: hostname(),
      user: () => one.user ?? userInfo().username,
    },
    app === undefined ? policy : { ...policy, identifyApp: () => app },
    {
      head: headFor(url),
      body: Buffer.from(body),
      answer: answer === undefined ? undefined : Buffer.from(answer),
    },
  );
  const problems = compare(expected, trial, body, fill);
  return { name, ok: problems.length === 0, problems };
}

const bodyText = (body: unknown, fill: (text: string) => string): string =>
  fill(typeof body === 'string' ? body : JSON.stringify(body));

const headFor = ({ hostname: host, pathname, search }: URL): RequestHead => ({
  method: 'POST',
  scheme: 'https',
  authority: { host, port: 443 },
  path: pathname + search,
  headers: ['host', host, 'content-type', 'application/json'],
  httpVersion: '1.1',
  webSocket: false,
  hasBody: true,
});

/** A call that is not governed is sent as it is, and nothing is decided about it. */
function untouched(body: string): Trial {
  return {
    decision: { decision: 'allow', effective: 'allow' },
    rules: [],
    findings: [],
    sent: Buffer.from(body),
    answered: undefined,
  };
}

function compare(
  expected: PolicyCase['expect'],
  trial: Trial | undefined,
  body: string,
  fill: (text: string) => string,
): string[] {
  const { decision, rules, findings, sent, answered = '' } = trial ?? untouched(body);
  const left = sent === undefined ? '' : readable(Buffer.from(sent).toString('utf8'));
  const seen = readable(answered);
  const problems: string[] = [];
  const same = (what: string, wanted: string | undefined, got: string): void => {
    if (wanted !== undefined && wanted !== got) problems.push(`${what} is ${got}, not ${wanted}`);
  };
  const set = (what: string, wanted: readonly string[] | undefined, got: readonly string[]): void => {
    if (wanted === undefined) return;
    const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
    same(what, list(wanted.toSorted()), list(got.toSorted()));
  };
  const holds = (
    what: string,
    texts: readonly string[] | undefined,
    where: string,
    wanted: boolean,
  ): void => {
    for (const text of texts ?? []) {
      if (where.includes(fill(text)) !== wanted)
        problems.push(`${what} ${wanted ? "doesn't hold" : 'holds'} "${text}"`);
    }
  };
  same('effective', expected.effective, decision.effective);
  same('decision', expected.decision, decision.decision);
  set('rules', expected.rules, rules);
  set('findings', expected.findings, findings);
  holds('what leaves', expected.sends, left, true);
  holds('what leaves', expected.keeps, left, false);
  holds('the answer', expected.answers, seen, true);
  holds('the answer', expected.hides, seen, false);
  return problems;
}

/** A body as it travels, and after it the texts in it as a person reads them: without JSON's escapes. */
function readable(body: string): string {
  const texts: string[] = [body];
  try {
    JSON.parse(body, (_key, value: unknown) => {
      if (typeof value === 'string') texts.push(value);
      return value;
    });
  } catch {
    // Not JSON: there is nothing to unescape.
  }
  return texts.join('\n');
}

/** A person, and the agent on their laptop: the real one, as a process of its own, driven by its own commands. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { AgentStatus } from '../../agent/src/serve/contract.ts';
import { openDesk } from '../kit/agent-process.ts';
import type { Ran } from '../kit/clients.ts';
import { cleanEnvironment, POSTERN } from '../kit/office.ts';
import { browse } from '../kit/person.ts';
import type { Company } from './company.ts';

const ASK = path.join(import.meta.dirname, 'ask.ts');
const POLL_MS = 100;

export interface LaptopOptions {
  readonly person: string;
  readonly company: Company;
  readonly rootFingerprint: string;
  /** Is told of pushes; others look every five seconds. */
  readonly hints: boolean;
}

export interface Piece {
  readonly text: string;
  readonly atMs: number;
}

type End =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: string; readonly status: number; readonly message: string };

export type Answer = End & { readonly pieces: readonly Piece[] };

export interface Laptop {
  readonly person: string;
  readonly hints: boolean;
  /** What the person's programs have in their settings; it has no business anywhere else. */
  readonly providerKey: string;
  postern(args: readonly string[]): Promise<Ran>;
  status(): Promise<AgentStatus>;
  until(holds: (now: AgentStatus) => boolean, limitMs: number): Promise<AgentStatus>;
  /** What `postern login` says at its end. */
  signIn(): Promise<string>;
  /** `postern run -- node ask.ts PROMPT`. */
  ask(prompt: string, onPiece?: (piece: Piece) => void): Promise<Answer>;
  close(): Promise<void>;
}

export async function openLaptop(options: LaptopOptions): Promise<Laptop> {
  const { person, company, rootFingerprint, hints } = options;
  const desk = openDesk();
  desk.configure(company.agentConfig(rootFingerprint, hints));
  const place = ['--home', desk.home, '--config', desk.configFile];
  const providerKey = `sk-provider-key-of-${person}`;
  const env = cleanEnvironment({ HOME: desk.folder, OPENAI_API_KEY: providerKey });
  const programs = new Set<ChildProcess>();
  const start = (args: readonly string[]) => {
    const child = spawn(process.execPath, [POSTERN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
    programs.add(child);
    child.once('close', () => programs.delete(child));
    return child;
  };
  const laptop: Laptop = {
    person,
    hints,
    providerKey,
    postern: (args) => desk.postern(args),
    async status() {
      const { stdout, stderr } = await desk.postern(['status', '--json']);
      if (stdout === '') throw new Error(`no status from ${person}'s agent: ${stderr}`);
      return JSON.parse(stdout) as AgentStatus;
    },
    async until(holds, limitMs) {
      const endMs = performance.now() + limitMs;
      for (;;) {
        const now = await laptop.status();
        if (holds(now)) return now;
        if (performance.now() > endMs)
          throw new Error(`${person}'s agent never came so far: ${JSON.stringify(now, undefined, 2)}`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    async signIn() {
      const child = start(['login', '--no-browser', ...place]);
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      const lines: string[] = [];
      let browsing: Promise<unknown> | undefined;
      createInterface({ input: child.stderr }).on('line', (line) => {
        lines.push(line);
        const url = /^\s+(https:\S+)$/.exec(line)?.[1];
        if (url !== undefined) browsing ??= browse(url, { ca: company.authority.pem, name: person });
      });
      const code = await new Promise((resolve) => child.once('close', resolve));
      await browsing;
      if (code !== 0) throw new Error(`${person} couldn't sign in:\n${lines.join('\n')}`);
      return said.trim();
    },
    async ask(prompt, onPiece) {
      const child = start(['run', ...place, '--', 'node', ASK, prompt]);
      let errors = '';
      child.stderr.on('data', (chunk: Buffer) => {
        errors += chunk.toString();
      });
      const pieces: Piece[] = [];
      let end: End | undefined;
      createInterface({ input: child.stdout }).on('line', (line) => {
        const said = JSON.parse(line) as Piece | End;
        if ('ok' in said) end = said;
        else {
          pieces.push(said);
          onPiece?.(said);
        }
      });
      await new Promise((resolve) => child.once('close', resolve));
      if (end === undefined) throw new Error(`${person}'s program ended without an answer:\n${errors}`);
      return { ...end, pieces };
    },
    async close() {
      // A program that outlives the agent would start one of its own.
      for (const program of programs) {
        program.kill('SIGTERM');
        await once(program, 'close');
      }
      await desk.clear();
    },
  };
  try {
    await desk.start();
    return laptop;
  } catch (error) {
    await desk.clear();
    throw error;
  }
}

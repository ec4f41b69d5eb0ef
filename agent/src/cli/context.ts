import path from 'node:path';
import type { Command } from 'commander';
import { type HomeFiles, homeFiles } from '../platform/home.ts';
import type { Platform } from '../platform/operating-system.ts';
import { platform, resolveHome } from '../platform/platform.ts';
import { readPrivateFile } from '../platform/private-files.ts';
import { type Client, createClient } from '../serve/client.ts';
import { LocalApiError } from '../serve/local-api-error.ts';
import { type CliIo, type Colors, colorsFor, Output } from './io.ts';
import { type AgentCommands, CommandFailure, type Place } from './ports.ts';

/** The options that every command takes. */
export interface CommonOptions {
  readonly home?: string;
  readonly config?: string;
  readonly json?: boolean;
  /** Of commands that an admin may use: their token instead of the person's. */
  readonly adminTokenFile?: string;
}

/** What one invocation works with. */
export interface Context {
  readonly commands: AgentCommands;
  readonly io: CliIo;
  readonly out: Output;
  readonly err: Output;
  /** For stdout and for stderr: one may be a terminal and the other a file. */
  readonly colors: Colors;
  readonly errColors: Colors;
  readonly platform: Platform;
  readonly argv: readonly string[];
  /** Commands set it; 0 unless they do. */
  exitCode: number;
}

export function createContext(argv: readonly string[], commands: AgentCommands, io: CliIo): Context {
  return {
    argv,
    commands,
    io,
    out: new Output(io.stdout),
    err: new Output(io.stderr),
    colors: colorsFor(io.stdout, io.env),
    errColors: colorsFor(io.stderr, io.env),
    platform: platform(),
    exitCode: 0,
  };
}

export const commonOptions = (command: Command): CommonOptions => command.optsWithGlobals<CommonOptions>();

export function placeOf(context: Context, options: CommonOptions): Place {
  const { env, cwd } = context.io;
  const absolute = (file: string): string => path.resolve(cwd, file);
  const home = resolveHome(options.home ? absolute(options.home) : undefined, env).directory;
  const configFile = options.config ?? (env['POSTERN_CONFIG'] || undefined);
  return { home, configFile: configFile === undefined ? undefined : absolute(configFile) };
}

export const filesOf = (place: Place): HomeFiles => homeFiles(place.home);

/** Throws LocalApiError `not-running` where there is no token: no agent has got as far as listening. */
export function connect(place: Place): Client {
  const files = filesOf(place);
  const token = readPrivateFile(files.tokenFile);
  if (token === undefined) throw new LocalApiError('not-running', `No agent is running for ${place.home}.`);
  return createClient(files.socketPath, token);
}

/** `command` may be used by an admin, for the home of somebody else. */
export const forAdmins = (command: Command): Command =>
  command.option('--admin-token-file <file>', 'as an admin: the file that `postern admin-token` has made');

/** As an admin where a token for one is given, else as the person. */
export function connectAs(context: Context, common: CommonOptions): Client {
  const place = placeOf(context, common);
  if (common.adminTokenFile === undefined) return connect(place);
  const file = path.resolve(context.io.cwd, common.adminTokenFile);
  const token = readPrivateFile(file)?.trim();
  if (token === undefined || token === '')
    throw new CommandFailure(
      'no-admin-token',
      2,
      `There is no admin token in ${file}.`,
      'Make one: postern admin-token FILE',
    );
  return createClient(filesOf(place).socketPath, token);
}

/** Prints `value` as JSON if asked to, else what `human` says. */
export function print(context: Context, options: CommonOptions, value: unknown, human: () => string): void {
  context.out.line(options.json ? JSON.stringify(value, undefined, 2) : human());
}

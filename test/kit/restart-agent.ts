import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { cleanEnvironment, type Office, POSTERN } from './office.ts';

/** Another agent for an office whose own has been stopped, in the same home. Returns how to end it. */
export async function startAgentAgain({ home, configFile, folder }: Office): Promise<() => Promise<void>> {
  const agent = spawn(
    process.execPath,
    [POSTERN, 'start', '--json', '--home', home, '--config', configFile],
    { stdio: ['ignore', 'pipe', 'ignore'], env: cleanEnvironment({ HOME: folder }) },
  );
  const ended = new Promise<void>((resolve) => agent.once('exit', () => resolve()));
  await Promise.race([
    new Promise<void>((resolve) => createInterface({ input: agent.stdout }).once('line', () => resolve())),
    ended.then(() => Promise.reject(new Error('the agent ended before it was ready'))),
  ]);
  return async () => {
    agent.kill('SIGTERM');
    await ended;
  };
}

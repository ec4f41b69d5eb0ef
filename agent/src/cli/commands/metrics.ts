import type { Command } from 'commander';
import { type Context, commonOptions, connect, placeOf } from '../context.ts';

/** `postern metrics`: for a scraper on this machine that can't speak to a socket. */
export function addMetrics(program: Command, context: Context): void {
  program
    .command('metrics')
    .summary("the agent's metrics as Prometheus text")
    .description(
      "Print the running agent's metrics as Prometheus text. Without a collector in the configuration they are counted from the first time that somebody asks.",
    )
    .addHelpText('after', '\nExample:\n  $ postern metrics > /var/lib/node_exporter/postern.prom')
    .action(async (_options: unknown, command: Command) => {
      const text = await connect(placeOf(context, commonOptions(command))).metrics();
      await context.out.textWithBackpressure(text);
    });
}

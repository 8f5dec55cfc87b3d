import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';

import { fetchHealthEvents, fetchStatus } from '../../admin/client.ts';
import type { HealthEventRow } from '../../admin/health-events.ts';
import { parseDuration } from '../../shared/duration.ts';
import { configFile, configOption } from '../config-file.ts';
import { table } from '../table.ts';

interface Options {
  readonly config?: string;
  readonly since: number;
  readonly json?: true;
}

export function register(backends: Command): void {
  backends
    .command('health <upstream>')
    .description("show what happened to the health of an upstream's backends")
    .option(...configOption)
    .option('--since <duration>', 'how far back, like 30m or 1h', readDuration, 86_400_000)
    .option('--json', 'print the lines of the health log as they are')
    .action(async (upstream: string, options: Options) => {
      const file = await configFile('backends health', options.config);
      if (file === null) process.exitCode = 1;
      else process.stdout.write(await report(file, upstream, options));
    });
}

function readDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('expected a duration like 30m or 1h');
  return ms;
}

async function report(file: string, upstream: string, { since, json }: Options): Promise<string> {
  const { events, left } = await fetchHealthEvents(file, upstream, Date.now() - since);
  if (json) return events.map((event) => `${JSON.stringify(event)}\n`).join('');
  const status = await fetchStatus(file);
  const backends = status.upstreams.find(({ name }) => name === upstream)?.backends ?? [];
  const now = table(
    ['BACKEND', 'HEALTH', 'SINCE', 'LAST CHECK'],
    backends.map(({ address, health, activeCheck }) => [
      address,
      health,
      activeCheck === null ? '' : new Date(activeCheck.since).toISOString(),
      activeCheck === null ? 'not checked' : activeCheck.reason,
    ]),
  );
  const earlier = left === 0 ? '' : `${left} earlier lines are left out\n`;
  if (events.length === 0) return `${now}\n\nnothing happened in that time\n`;
  return `${now}\n\n${earlier}${table(['TIME', 'BACKEND', 'EVENT', 'CHECK', 'REASON'], events.map(row))}\n`;
}

function row({ time, backend, event, check, reason }: HealthEventRow): string[] {
  return [time, backend, event ?? '-', check, reason];
}

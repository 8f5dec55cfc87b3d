import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';

import type { BackendAudit } from '../../admin/backend-audit.ts';
import { fetchBackendAudit } from '../../admin/client.ts';
import { formatDuration, parseDuration } from '../../shared/duration.ts';
import { configFile, configOption } from '../config-file.ts';
import { table } from '../table.ts';

const SHORTEST_MS = 60_000;
const LONGEST_MS = 3_600_000;

interface Options {
  readonly config?: string;
  readonly window: number;
  readonly json?: true;
}

export function register(backends: Command): void {
  backends
    .command('audit <upstream>')
    .description('compare the requests of each backend with what weights and scheduler should give')
    .option(...configOption)
    .option('--window <duration>', 'how far back, in whole minutes up to 1h', readWindow, 600_000)
    .option('--json', 'print it as JSON')
    .action(async (upstream: string, options: Options) => {
      const file = await configFile('backends audit', options.config);
      if (file === null) {
        process.exitCode = 1;
        return;
      }
      const audit = await fetchBackendAudit(file, upstream, options.window);
      process.stdout.write(options.json ? `${JSON.stringify(audit, null, 2)}\n` : auditText(audit));
    });
}

function readWindow(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= SHORTEST_MS && ms <= LONGEST_MS) return ms;
  throw new InvalidArgumentError('expected a duration from 1m to 1h, like 10m');
}

function auditText({ rows, verdict, reason, scheduler, windowMs }: BackendAudit): string {
  const text = table(
    ['BACKEND', 'REQUESTS', 'EXPECTED', 'OFF BY', 'STICKY', 'OTHER', 'NOTES'],
    rows.map(({ address, requests, expected, sticky, other, causes }) => [
      address,
      requests,
      expected === null ? '-' : Math.round(expected),
      expected === null || expected === 0
        ? '-'
        : `${(((requests - expected) / expected) * 100).toFixed(1)} %`,
      sticky,
      other,
      causes.join(', '),
    ]),
  );
  const said = verdict === 'unknown' ? 'cannot tell' : verdict;
  return `${text}\n\n${said}: ${reason}\n${scheduler}, the last ${formatDuration(windowMs)}\n`;
}

import { InvalidArgumentError, type Command } from 'commander';

import { requestBackendChange } from '../../admin/client.ts';
import type { BackendChangeInput } from '../../admin/backend-change.ts';
import { configFile, configOption } from '../config-file.ts';
import { printable } from '../printable.ts';

interface CommonOptions {
  readonly config?: string;
  readonly json?: true;
}

interface AddOptions extends CommonOptions {
  readonly weight?: number;
  readonly priority?: number;
  readonly backup?: true;
}

const states = {
  drain: 'give a backend no new requests but those of sticky clients; what runs on it finishes',
  ready: 'give a backend requests again',
  maintenance: 'give a backend no requests at all, and close its WebSockets and idle connections',
} as const;

export function register(backends: Command): void {
  for (const action of ['drain', 'ready', 'maintenance'] as const)
    command(backends, action, '<upstream> <backend>', states[action]).action(
      (upstream: string, backend: string, options: CommonOptions) =>
        change({ action, upstream, backend }, options),
    );
  command(backends, 'weight', '<upstream> <backend>', 'give a backend another share of the requests')
    .argument('<weight>', '0 to 65535', number)
    .action((upstream: string, backend: string, weight: number, options: CommonOptions) =>
      change({ action: 'weight', upstream, backend, weight }, options),
    );
  command(backends, 'add', '<upstream> <address>', 'add a backend, or bring back one that was removed')
    .option('--weight <weight>', 'its share of the requests', number)
    .option('--priority <priority>', 'its group', number)
    .option('--backup', 'it is in the last group')
    .action((upstream: string, backend: string, options: AddOptions) => {
      const { weight, priority, backup } = options;
      return change({ action: 'add', upstream, backend, weight, priority, backup }, options);
    });
  command(backends, 'remove', '<upstream> <backend>', 'take a backend out; what runs on it finishes').action(
    (upstream: string, backend: string, options: CommonOptions) =>
      change({ action: 'remove', upstream, backend }, options),
  );
  command(
    backends,
    'reset',
    '<upstream> [backend]',
    'undo what commands have set: as the config file has it',
  ).action((upstream: string, backend: string | undefined, options: CommonOptions) =>
    change({ action: 'reset', upstream, backend }, options),
  );
}

function command(backends: Command, name: string, args: string, description: string): Command {
  return backends
    .command(name)
    .description(description)
    .arguments(args)
    .option(...configOption)
    .option('--json', 'print the report as JSON');
}

function number(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError(`expected a whole number, found "${text}"`);
  return Number(text);
}

async function change(wanted: BackendChangeInput, options: CommonOptions): Promise<void> {
  const file = await configFile('backends', options.config);
  process.exitCode = file === null ? 1 : await report(file, wanted, options.json ?? false);
}

async function report(file: string, wanted: BackendChangeInput, json: boolean): Promise<number> {
  const { ok, problems, warnings, changes, workers } = await requestBackendChange(file, wanted);
  if (json)
    process.stdout.write(`${JSON.stringify({ ok, problems, warnings, changes, workers }, null, 2)}\n`);
  else if (ok)
    process.stdout.write(`${changes.length === 0 ? 'nothing changed' : changes.map(printable).join('\n')}\n`);
  const late = workers.asked - workers.answered;
  const notes = [
    ...problems,
    ...warnings.map((warning) => `warning: ${warning}`),
    ...(late === 0 ? [] : [`warning: ${late} of ${workers.asked} workers did not answer`]),
  ];
  process.stderr.write(notes.map((note) => `${printable(note)}\n`).join(''));
  return ok && late === 0 ? 0 : 1;
}

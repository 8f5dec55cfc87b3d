import { runUntilStopped } from '../../core/cli/run-until-stopped.ts';
import { startWith } from '../../core/start.ts';

/** `tidegate run --config FILE` with workers that carry no traffic: see fake-worker.ts. */
const [configFile = ''] = process.argv.slice(2);
process.exit(
  await runUntilStopped(() => startWith(configFile, new URL('./fake-worker.ts', import.meta.url))),
);

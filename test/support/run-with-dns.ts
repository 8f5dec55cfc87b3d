import { runUntilStopped } from '../../core/cli/run-until-stopped.ts';
import { startWith } from '../../core/start.ts';
import { sourcesOf } from './dns-sources.ts';

/** `tidegate run --config FILE` that resolves host names of backends with the DNS server at a port of this machine, and nowhere else. */
const [configFile = '', port = ''] = process.argv.slice(2);
const worker = new URL('../../core/worker/main.ts', import.meta.url);
process.exit(await runUntilStopped(() => startWith(configFile, worker, sourcesOf(Number(port)))));

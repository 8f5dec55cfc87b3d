import { fileURLToPath } from 'node:url';
import type { Bench } from '../bench.ts';
import type { Child } from '../process/children.ts';
import { freePort } from '../process/free-port.ts';

/** Starts a backend of a section's own, on the core of the load. `script` takes its port. */
export async function startNodeBackend(bench: Bench, script: URL): Promise<{ child: Child; port: number }> {
  const port = await freePort();
  const command = { program: process.execPath, args: [fileURLToPath(script), String(port)] };
  return { child: await bench.children.start(command, bench.cores.load), port };
}

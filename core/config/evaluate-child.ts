import { setSourceMapsSupport } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { EvaluateMessage } from './evaluate.ts';
import { installModuleHooks } from './module-hooks.ts';
import { whyNotPlain } from './plain-data.ts';
import { problemOfError } from './thrown-problem.ts';
import { moduleUrl } from '../shared/module-url.ts';

/** The process that evaluates a config module; arguments: its absolute path, and the pid of the process that wants to know. `evaluate.ts` starts it. */

const [, , file = '', parent] = process.argv;

function send(message: EvaluateMessage): Promise<void> {
  return new Promise((done) => {
    if (process.send === undefined) done();
    else process.send(message, () => done());
  });
}

// Ends with the process that wants to know, but does not keep itself alive for it.
process.once('disconnect', () => process.exit(1));
process.channel?.unref();
new Worker(moduleUrl(import.meta.url, 'parent-guard'), { workerData: Number(parent) }).unref();

setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
const inputs = new Set<string>();
installModuleHooks((input) => {
  if (inputs.has(input)) return;
  inputs.add(input);
  void send({ type: 'input', file: input });
});

async function evaluate(): Promise<EvaluateMessage> {
  try {
    const loaded: unknown = await import(pathToFileURL(file).href);
    if (typeof loaded !== 'object' || loaded === null || !('default' in loaded)) {
      return {
        type: 'problem',
        file,
        path: '',
        message: 'expected `export default defineConfig({ ... })`, found no default export',
      };
    }
    const value: unknown = await loaded.default;
    const obstacle = whyNotPlain(value);
    return obstacle === undefined
      ? { type: 'value', json: JSON.stringify(value) }
      : { type: 'problem', file, ...obstacle };
  } catch (error) {
    return problemOfError(error, file, inputs);
  }
}

await send(await evaluate());
process.exit(0);

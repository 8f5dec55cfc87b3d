// npm run bench: see docs/bench.md, or `npm run bench -- --help`.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBackend } from './backend/start-backend.ts';
import { passes, type Bench, type Section } from './bench.ts';
import { chooseCores, machineFacts, pinThisProcess } from './machine.ts';
import { readOptions, usage, type BenchOptions, type SectionName } from './options.ts';
import { Children } from './process/children.ts';
import { renderSection } from './report.ts';
import { measureBody } from './sections/body.ts';
import { measureCache } from './sections/cache.ts';
import { measureCertificates } from './sections/certificates.ts';
import { measureFaults } from './sections/faults.ts';
import { measureGrpc } from './sections/grpc.ts';
import { measureHealth } from './sections/health.ts';
import { measureHandshakes } from './sections/handshakes.ts';
import { measureHttp2 } from './sections/http2.ts';
import { measureHttps } from './sections/https.ts';
import { measureMemory } from './sections/memory.ts';
import { measurePlugins } from './sections/plugins.ts';
import { measureProxies } from './sections/proxies.ts';
import { measureReload } from './sections/reload.ts';
import { measureRenewal } from './sections/renewal.ts';
import { measureRoutes } from './sections/routes.ts';
import { measureRuleCall } from './sections/rule-call.ts';
import { measureSchedulers } from './sections/schedulers.ts';
import { measureStream } from './sections/stream.ts';
import { measureStreamMemory } from './sections/stream-memory.ts';
import { measureWebSocketMemory } from './sections/websocket-memory.ts';
import { measureUdp } from './sections/udp.ts';
import { measureWebSocket } from './sections/websocket.ts';

const sections: Record<SectionName, (bench: Bench) => Promise<Section>> = {
  proxies: measureProxies,
  https: measureHttps,
  http2: measureHttp2,
  websocket: measureWebSocket,
  grpc: measureGrpc,
  handshakes: measureHandshakes,
  certificates: measureCertificates,
  renewal: measureRenewal,
  'rule-call': measureRuleCall,
  schedulers: measureSchedulers,
  memory: measureMemory,
  'websocket-memory': measureWebSocketMemory,
  stream: measureStream,
  'stream-memory': measureStreamMemory,
  udp: measureUdp,
  routes: measureRoutes,
  body: measureBody,
  reload: measureReload,
  faults: measureFaults,
  health: measureHealth,
  plugins: measurePlugins,
  cache: measureCache,
};

async function main(options: BenchOptions): Promise<void> {
  const children = new Children();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tidegate-bench-'));
  const interrupted = (): void => {
    void children.stopAll().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    const cores = chooseCores();
    if (cores.load !== null) pinThisProcess(cores.load);
    const facts = machineFacts(cores);
    const bench: Bench = {
      options,
      children,
      folder,
      cores,
      backendPort: await startBackend(children, folder, cores.load),
      progress: (text) => process.stderr.write(`${text}\n`),
    };
    const done: Section[] = [];
    for (const name of options.sections) {
      bench.progress(`— ${name}`);
      const section = await sections[name](bench);
      done.push(section);
      process.stdout.write(`\n${renderSection(section)}\n`);
    }
    const file = await writeResults(options, facts, done);
    process.stdout.write(`Written to ${path.relative(process.cwd(), file)}\n`);
    if (!done.every((section) => section.bars.every(passes))) process.exitCode = 1;
  } finally {
    await children.stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeResults(
  options: BenchOptions,
  facts: readonly string[],
  done: readonly Section[],
): Promise<string> {
  const folder = fileURLToPath(new URL('./results/', import.meta.url));
  await mkdir(folder, { recursive: true });
  const title = options.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const date = new Date().toISOString().slice(0, 10);
  const quick = options.quick ? '\nA quick run: these numbers only show that the bench works.\n' : '';
  const text = `# Bench of ${date}: ${options.title}\n${quick}\n${facts.map((fact) => `- ${fact}`).join('\n')}\n\n${done.map(renderSection).join('\n')}`;
  const file = path.join(folder, `${date}-${title}${options.quick ? '-quick' : ''}.md`);
  await writeFile(file, text);
  return file;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(`${usage}\n`);
  else await main(options);
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

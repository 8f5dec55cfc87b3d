import { startNodeBackend } from '../backend/start-node-backend.ts';
import type { Bench, Section } from '../bench.ts';
import { mebibytes, openFileLimit, settledResidentBytes, waitUntilReady } from './memory.ts';
import { startTidegate, waitForWorker } from './start-tidegate.ts';
import { webSocketClient } from './websocket.ts';

/** What an idle WebSocket costs a worker: two connections and the tunnel between them. */
export async function measureWebSocketMemory(bench: Bench): Promise<Section> {
  const wanted = bench.options.quick ? 1000 : 10_000;
  // The worker has two connections for each.
  const webSockets = Math.min(wanted, Math.floor(openFileLimit() / 2) - 1000);
  const backend = await startNodeBackend(bench, new URL('../backend/websocket-backend.ts', import.meta.url));
  const tidegate = await startTidegate(bench, 'websocket-memory', {}, { backendPort: backend.port });
  const pid = await waitForWorker(tidegate);
  const before = await settledResidentBytes(bench, tidegate, pid);
  const args = [webSocketClient, String(tidegate.port), String(webSockets), '0'];
  const holder = await bench.children.start({ program: process.execPath, args }, bench.cores.load);
  await waitUntilReady(holder);
  bench.progress(`${webSockets} WebSockets are open`);
  const after = await settledResidentBytes(bench, tidegate, pid);
  for (const child of [holder, tidegate.child, backend.child]) await child.stop();
  const each = (after - before) / webSockets / 1024;
  return {
    title: 'Idle WebSockets',
    method:
      `Resident memory of the worker before and after ${webSockets} WebSockets were opened and had one message of 100 bytes echoed each, ` +
      'after the same light load both times, so that garbage is collected and the heap has settled.',
    table: {
      head: ['WebSockets', 'RSS before, MiB', 'RSS after, MiB', 'KiB a WebSocket'],
      rows: [[String(webSockets), mebibytes(before), mebibytes(after), each.toFixed(2)]],
    },
    bars: [],
    notes: webSockets < wanted ? [`The limit of open files allowed ${webSockets} WebSockets only.`] : [],
  };
}

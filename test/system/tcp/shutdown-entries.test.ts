import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startBackend } from '../../support/slow-backend.ts';
import { connectTcp, received, startNamed, startTcpBackend } from '../../support/tcp-peers.ts';
import { UdpPeer } from '../../support/udp-peers.ts';
import { runTidegate } from '../../support/tidegate-process.ts';

const logged = z.looseObject({ listener: z.string(), end: z.string().optional() });

test('what shutdownTimeout cuts off has its entry in the access log', async () => {
  const idle = await startNamed('idle');
  const endless = await startTcpBackend(({ socket }) => {
    const pour = (): void => {
      while (socket.write(Buffer.alloc(10_000)));
    };
    socket.on('drain', pour);
    pour();
  });
  const names = await UdpPeer.open();
  names.onDatagram = () => 'answer';
  const web = await startBackend();
  const entryOf = (name: string, upstream: string, more = ''): string =>
    `  - { name: ${name}, protocol: tcp, address: '127.0.0.1:0', upstream: ${upstream}, drainTimeout: 1m${more} }`;
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners:
${entryOf('idle', 'idle')}
${entryOf('busy', 'endless')}
${entryOf('undecided', 'idle', ', sni: true, timeouts: { inspect: 1m }')}
  - { name: names, protocol: udp, address: '127.0.0.1:0', upstream: names, drainTimeout: 1m }
  - { name: web, protocol: http, address: '127.0.0.1:0', upstream: web }
upstreams:
  idle: { backends: [{ address: '${idle.address}' }], healthCheck: false }
  endless: { backends: [{ address: '${endless.address}' }], healthCheck: false }
  names: { backends: [{ address: '127.0.0.1:${names.port}' }], healthCheck: false }
  web: { backends: [{ address: '${web.address}' }], healthCheck: false }
workers: 1
shutdownTimeout: 1500ms
log: { access: { file: access.log } }
`,
    },
  });
  const silent = await connectTcp(await tidegate.port('idle'));
  await received(silent, 'idle\n');
  // One that takes all, and one that takes nothing more.
  const busy = await connectTcp(await tidegate.port('busy'));
  const deaf = await connectTcp(await tidegate.port('busy'));
  for (const each of [busy, deaf]) {
    each.keepsData = false;
    await each.until(() => (each.bytesReceived > 0 ? true : null), 'bytes');
  }
  deaf.socket.pause();
  const undecided = await connectTcp(await tidegate.port('undecided'), Buffer.of(0x16, 3, 1));
  await (await UdpPeer.open()).ask('question', await tidegate.port('names'));
  const arrived = web.slow();
  const asked = await connectRaw(await tidegate.port('web'));
  asked.send(get('/slow'));
  await arrived;

  tidegate.kill('SIGTERM');
  expect(await tidegate.exited).toEqual({ code: 0, signal: null });
  // What was under way does not look complete.
  expect([await silent.end(), await busy.end()]).toEqual(['fin', 'reset']);
  await undecided.end();
  const lines = (await readFile(join(tidegate.folder, 'access.log'), 'utf8')).trimEnd().split('\n');
  const ends = lines
    .map((line) => logged.parse(JSON.parse(line)))
    .map(({ listener, end }) => `${listener} ${end}`);
  expect(ends.toSorted()).toEqual([
    'busy drained',
    'busy drained',
    'idle drained',
    'names drained',
    'undecided drained',
    'web undefined',
  ]);
});

import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { runTidegate } from '../../support/tidegate-process.ts';

async function bound(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

test('"port unreachable" (ICMP) takes a udp backend down; silence brings it up again', async () => {
  const first = await bound(0);
  const { port } = first.address();
  const tidegate = await runTidegate({
    workers: 'fake',
    files: {
      'tidegate.config.yaml': `
listeners: [{ name: web, address: '127.0.0.1:0', upstream: site }]
upstreams:
  site:
    backends: [{ address: '127.0.0.1:${port}' }]
    healthCheck: { type: udp, interval: 100ms, timeout: 100ms }
workers: 1
`,
    },
  });
  const down = tidegate.nextLine('a backend is down');
  first.close();
  expect(await down).toMatchObject({ backend: `127.0.0.1:${port}`, reason: 'connection refused' });
  const up = tidegate.nextLine('a backend is up');
  const second = await bound(port);
  expect(await up).toMatchObject({ reason: 'nothing speaks against it' });
  second.close();
});

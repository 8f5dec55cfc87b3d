import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runToEnd } from '../../support/run-to-end.ts';

const module = fileURLToPath(new URL('../../../core/shared/udp-socket.ts', import.meta.url));

/** In a network of its own with 16 ports, one of them that of a backend which is down. */
const script = `
  const { writeFileSync } = await import('node:fs');
  writeFileSync('/proc/sys/net/ipv4/ip_local_port_range', '40000 40015');
  const { UdpSocket } = await import(${JSON.stringify(module)});
  const owner = { onDatagram() {}, onSocketError() {} };
  const ports = new Set();
  for (let i = 0; i < 500; i++) {
    const socket = UdpSocket.connect('127.0.0.1', 40003, owner, 1000);
    if (typeof socket === 'number') continue;
    ports.add(socket.localPort);
    socket.close();
  }
  console.log(JSON.stringify([ports.size > 10, ports.has(40003)]));
`;

test('a socket to a backend that is down is never joined to itself, which would answer with what was sent', async () => {
  const { stdout, stderr } = await runToEnd('unshare', [
    '--map-root-user',
    '--net',
    'sh',
    '-c',
    'ip link set lo up && exec "$0" --input-type=module -e "$1"',
    process.execPath,
    script,
  ]);
  expect(JSON.parse(stdout), stderr).toEqual([true, false]);
});

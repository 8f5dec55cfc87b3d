import { expect, test } from 'vitest';
import { UdpSocket, bindUdp, freeUdpPort, type UdpHandle } from '../../../core/shared/udp-socket.ts';

const owner = { onDatagram(): void {}, onSocketError(): void {} };

/** Of a kernel that takes nothing: every datagram has to wait. */
function busyHandle(): { handle: UdpHandle; waiting: (() => void)[] } {
  const waiting: (() => void)[] = [];
  const wait: UdpHandle['send'] = (request: { oncomplete?: (status: number) => void }) => {
    waiting.push(() => request.oncomplete?.(0));
    return 0;
  };
  const handle: UdpHandle = {
    bind: () => 0,
    bind6: () => 0,
    connect: () => 0,
    connect6: () => 0,
    send: wait,
    send6: wait,
    getsockname: () => 0,
    bufferSize: () => undefined,
    recvStart: () => 0,
    recvStop: () => 0,
    close() {},
  };
  return { handle, waiting };
}

test('what waits to be sent is bounded, empty datagrams count, too, and room comes back', () => {
  const { handle, waiting } = busyHandle();
  const socket = new UdpSocket(handle, owner, 300);
  const data = Buffer.alloc(100);
  expect([1, 2, 3].map(() => socket.sendTo(data, '127.0.0.1', 9))).toEqual(['waits', 'waits', 'no-room']);
  waiting.shift()?.();
  expect(socket.send(data)).toBe('waits');
  expect(socket.send(data)).toBe('no-room');
  for (const sent of waiting.splice(0)) sent();
  let count = 0;
  while (socket.send(Buffer.alloc(0)) === 'waits') count += 1;
  expect(count).toBeLessThan(10);
});

test('a port that others share is not free', () => {
  const handle = bindUdp('127.0.0.1', 0, { ipv6Only: false });
  if (typeof handle === 'number') throw new Error('not bound');
  const { localPort } = new UdpSocket(handle, owner, 1);
  expect(freeUdpPort('127.0.0.1', localPort, { ipv6Only: false })).toBeLessThan(0);
  const second = bindUdp('127.0.0.1', localPort, { ipv6Only: false });
  expect(typeof second).toBe('object');
  if (typeof second !== 'number') second.close();
  handle.close();
  expect(freeUdpPort('127.0.0.1', localPort, { ipv6Only: false })).toBe(localPort);
});

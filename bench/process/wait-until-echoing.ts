import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from './children.ts';

/** Resolves when a datagram to the child's port is answered. @throws with the child's output when it ends or 30 s pass. */
export async function waitUntilEchoing(child: Child, port: number, name: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  const socket = createSocket('udp4');
  // Nobody listens there yet.
  socket.on('error', () => undefined);
  const answers: Buffer[] = [];
  socket.on('message', (data: Buffer) => void answers.push(data));
  try {
    while (answers.length === 0) {
      if (!child.running) throw new Error(`${name} ended while starting:\n${child.output}`);
      if (performance.now() > deadline)
        throw new Error(`${name} does not answer on its port:\n${child.output}`);
      socket.send('?', port, '127.0.0.1');
      await delay(25);
    }
  } finally {
    socket.close();
  }
}

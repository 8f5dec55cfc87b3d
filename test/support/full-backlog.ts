import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Listens with the shortest queue and then never runs again, so that nobody ever accepts. */
const LISTEN_AND_HANG =
  "const s = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => " +
  "{ require('node:fs').writeSync(1, String(s.address().port)); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); })";

/** A port whose queue of pending connections is full: the kernel lets further ones wait until they give up. */
export async function startFullBacklog(): Promise<number> {
  const child = spawn(process.execPath, ['-e', LISTEN_AND_HANG], { stdio: ['ignore', 'pipe', 'inherit'] });
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    child.kill('SIGKILL');
  });
  const [text] = await once(child.stdout, 'data');
  const port = Number(String(text));
  let connected = true;
  while (connected) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    sockets.push(socket);
    connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300)),
    ]);
  }
  return port;
}

// npm start: three backends, the proxy in front of them, and what to try. Ctrl-C ends it all.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startBackend } from './backend.ts';
import { thingsToTry } from './things-to-try.ts';

const port = Number(process.env['PORT'] ?? 8080);
const cli = fileURLToPath(new URL('../../core/cli/main.ts', import.meta.url));
const config = fileURLToPath(new URL('./tidegate.config.ts', import.meta.url));

async function portIsFree(): Promise<boolean> {
  const probe = net.createServer();
  probe.listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}

async function accepts(): Promise<boolean> {
  const socket = net.connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function main(): Promise<number> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    process.stderr.write(`PORT must be a number from 1 to 65535, found "${process.env['PORT']}".\n`);
    return 1;
  }
  if (!(await portIsFree())) {
    process.stderr.write(`Port ${port} is taken. Choose another one: PORT=8081 npm start\n`);
    return 1;
  }
  const backends = await Promise.all(['site-a', 'site-b', 'api'].map(startBackend));
  const [siteA, siteB, api] = backends.map((backend) => String(backend.port));
  const proxy = spawn(process.execPath, [cli, 'run', '--config', config], {
    stdio: 'inherit',
    env: { ...process.env, DEMO_SITE_A_PORT: siteA, DEMO_SITE_B_PORT: siteB, DEMO_API_PORT: api },
  });
  // Ctrl-C reaches the proxy from the terminal as well; a second signal would make it stop without draining.
  process.on('SIGINT', () => undefined);
  process.once('SIGTERM', () => proxy.kill('SIGTERM'));
  const ended = once(proxy, 'exit');
  try {
    while (proxy.exitCode === null && !(await accepts())) await delay(50);
    if (proxy.exitCode === null) process.stdout.write(thingsToTry(port));
    await ended;
  } finally {
    for (const backend of backends) backend.close();
  }
  return proxy.exitCode ?? 1;
}

process.exitCode = await main();

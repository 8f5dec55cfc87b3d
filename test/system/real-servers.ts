import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { accepts } from '../support/accepts.ts';
import { poll } from '../support/poll.ts';
import { unusedPort } from '../support/raw-backend.ts';

/** A server from a system package, in a folder of its own; ended when the test is. */
export interface RealServer {
  readonly port: number;
  readonly folder: string;
}

/** nginx with one server block; `locations` is what stands inside of it, `http` beside it. It serves files from its folder. */
export async function startNginx(locations: string, http = ''): Promise<RealServer> {
  const port = await unusedPort();
  return startServer(port, async (folder) => {
    const file = join(folder, 'nginx.conf');
    await writeFile(
      file,
      `user root; worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
       events { worker_connections 1024; }
       http {
         access_log off; default_type application/octet-stream; types { text/plain txt; }
         client_body_temp_path ${folder}/body; client_max_body_size 0; keepalive_requests 100000;
         ${http}
         server { listen 127.0.0.1:${port}; root ${folder}; ${locations} }
       }`,
    );
    return ['nginx', '-p', folder, '-c', file];
  });
}

/** HAProxy as a client of ours: passes what it gets on to `upstreamPort` over kept connections. `options`: of its `server` line. */
export async function startHaproxy(upstreamPort: number, options = ''): Promise<RealServer> {
  const port = await unusedPort();
  return startServer(port, async (folder) => {
    const file = join(folder, 'haproxy.cfg');
    await writeFile(
      file,
      `defaults\n  mode http\n  timeout client 10s\n  timeout server 10s\n  timeout connect 5s\n  http-reuse always\nfrontend f\n  bind 127.0.0.1:${port}\n  default_backend b\nbackend b\n  server s 127.0.0.1:${upstreamPort} ${options}\n`,
    );
    return ['haproxy', '-db', '-f', file];
  });
}

async function startServer(
  port: number,
  prepare: (folder: string) => Promise<readonly string[]>,
): Promise<RealServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-server-'));
  const [command = '', ...args] = await prepare(folder);
  const server = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(server, 'exit');
  onTestFinished(async () => {
    server.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  await poll(async () => {
    if (server.exitCode !== null) throw new Error(`${command} ended: ${said}`);
    return accepts(port);
  });
  return { port, folder };
}

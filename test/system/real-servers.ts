import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startServer, type ServerProcess } from '../support/server-process.ts';

/** nginx with one server block; `locations` is what stands inside of it, `http` beside it. It serves files from its folder. */
export async function startNginx(locations: string, http = ''): Promise<ServerProcess> {
  return startServer({
    async prepare(folder, port) {
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
    },
  });
}

/** HAProxy as a client of ours: passes what it gets on to `upstreamPort` over kept connections. `options`: of its `server` line. */
export async function startHaproxy(upstreamPort: number, options = ''): Promise<ServerProcess> {
  return startServer({
    async prepare(folder, port) {
      const file = join(folder, 'haproxy.cfg');
      await writeFile(
        file,
        `defaults\n  mode http\n  timeout client 10s\n  timeout server 10s\n  timeout connect 5s\n  http-reuse always\nfrontend f\n  bind 127.0.0.1:${port}\n  default_backend b\nbackend b\n  server s 127.0.0.1:${upstreamPort} ${options}\n`,
      );
      return ['haproxy', '-db', '-f', file];
    },
  });
}

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { nginx } from './nginx.ts';
import { nginxStreamMain } from './nginx-config.ts';
import { nginxCommand, nginxModule, nginxVersion } from './nginx-program.ts';
import type { Peer } from './peer.ts';

const streamModule = nginxModule('ngx_stream_module.so');

/** Passes TCP connections on. */
export const nginxStream: Peer = {
  name: 'nginx stream',
  missing: () =>
    nginx.missing() ??
    (streamModule === undefined ? "nginx's stream module: apt-get install libnginx-mod-stream" : null),
  version: nginxVersion,
  async prepare({ folder, port, backendPort }) {
    const file = path.join(folder, 'nginx.conf');
    const server = `server {
    listen 127.0.0.1:${port} backlog=4096;
    proxy_pass 127.0.0.1:${backendPort};
    proxy_timeout 600s;
    proxy_half_close on;
  }`;
    await writeFile(file, nginxStreamMain(folder, server, `load_module ${streamModule ?? ''};`));
    return nginxCommand(file);
  },
};

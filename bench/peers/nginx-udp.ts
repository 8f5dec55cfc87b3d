import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { nginxStreamMain } from './nginx-config.ts';
import { nginxCommand, nginxModule } from './nginx-program.ts';
import { nginxStream } from './nginx-stream.ts';
import type { Peer } from './peer.ts';

/** Passes datagrams on. */
export const nginxUdp: Peer = {
  ...nginxStream,
  async prepare({ folder, port, backendPort }) {
    const file = path.join(folder, 'nginx.conf');
    const server = `server {
    listen 127.0.0.1:${port} udp;
    proxy_pass 127.0.0.1:${backendPort};
    proxy_timeout 600s;
  }`;
    await writeFile(
      file,
      nginxStreamMain(folder, server, `load_module ${nginxModule('ngx_stream_module.so') ?? ''};`),
    );
    return nginxCommand(file);
  },
};

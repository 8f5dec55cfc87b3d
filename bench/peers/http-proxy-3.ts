import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Peer } from './peer.ts';

const server = fileURLToPath(new URL('./http-proxy-3-server.ts', import.meta.url));

export const httpProxy3: Peer = {
  name: 'http-proxy-3',
  missing: () => null,
  version() {
    const manifest = new URL(
      '../package.json',
      import.meta.resolve('http-proxy-3').replace('/dist/lib/', '/dist/'),
    );
    return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifest, 'utf8'))).version;
  },
  async prepare({ port, backendPort }) {
    return { program: process.execPath, args: [server, String(port), String(backendPort)] };
  },
};

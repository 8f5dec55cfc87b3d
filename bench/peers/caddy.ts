import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findProgram } from '../process/find-program.ts';
import type { Peer } from './peer.ts';

export const caddy: Peer = {
  name: 'Caddy',
  missing: () => (findProgram('caddy') === null ? 'Caddy: apt-get install caddy' : null),
  version() {
    const printed = spawnSync(findProgram('caddy') ?? 'caddy', ['version'], { encoding: 'utf8' }).stdout;
    return /^v?(\d\S*)/.exec(printed)?.[1] ?? 'unknown';
  },
  async prepare({ folder, port, backendPort, certificate, traffic }) {
    const file = path.join(folder, 'Caddyfile');
    const scheme = certificate === null ? 'http' : 'https';
    const tls = certificate === null ? '' : `tls ${certificate.cert} ${certificate.key}`;
    await writeFile(
      file,
      `{
  admin off
  auto_https off
  log {
    level ERROR
  }
}
${scheme}://127.0.0.1:${port}, ${scheme}://localhost:${port} {
  bind 127.0.0.1
  ${tls}
  reverse_proxy ${traffic === 'grpc' ? 'h2c://' : ''}127.0.0.1:${backendPort} {
    header_up X-Forwarded-Port ${port}
    transport http {
      keepalive 600s
      keepalive_idle_conns_per_host 256
    }
  }
}
`,
    );
    const env = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
    return {
      program: findProgram('caddy') ?? 'caddy',
      args: ['run', '--adapter', 'caddyfile', '--config', file],
      env,
    };
  },
};

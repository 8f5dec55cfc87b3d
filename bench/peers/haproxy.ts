import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findProgram } from '../process/find-program.ts';
import type { Peer, PeerContext } from './peer.ts';

export const haproxy: Peer = {
  name: 'HAProxy',
  missing: () => (findProgram('haproxy') === null ? 'HAProxy: apt-get install haproxy' : null),
  version() {
    const printed = spawnSync(findProgram('haproxy') ?? 'haproxy', ['-v'], { encoding: 'utf8' }).stdout;
    return /version (\d[\d.]*\d)/.exec(printed)?.[1] ?? 'unknown';
  },
  async prepare(context) {
    const file = path.join(context.folder, 'haproxy.cfg');
    await writeFile(file, context.traffic === 'tcp' ? tcpConfig(context) : httpConfig(context));
    return { program: findProgram('haproxy') ?? 'haproxy', args: ['-db', '-f', file] };
  },
};

function httpConfig({ port, backendPort, certificate, traffic }: PeerContext): string {
  const tls = certificate === null ? '' : ` ssl crt ${certificate.both} alpn h2,http/1.1`;
  return `global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout tunnel 600s
  timeout http-keep-alive 600s
  option forwardfor
  http-reuse always
frontend web
  bind 127.0.0.1:${port} backlog 4096${tls}
  http-request set-header X-Forwarded-Proto ${certificate === null ? 'http' : 'https'}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  default_backend site
backend site
  server one 127.0.0.1:${backendPort}${traffic === 'grpc' ? ' proto h2' : ''}
`;
}

function tcpConfig({ port, backendPort }: PeerContext): string {
  return `global
  nbthread 1
  maxconn 8192
defaults
  mode tcp
  timeout connect 5s
  timeout client 600s
  timeout server 600s
frontend web
  bind 127.0.0.1:${port} backlog 4096
  default_backend site
backend site
  server one 127.0.0.1:${backendPort}
`;
}

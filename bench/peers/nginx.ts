import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findProgram } from '../process/find-program.ts';
import { nginxMain } from './nginx-config.ts';
import { nginxCommand, nginxModule, nginxVersion } from './nginx-program.ts';
import type { Peer, PeerContext, Traffic } from './peer.ts';

/** What every peer tells the backend. */
function forwarding(directive: 'proxy_set_header' | 'grpc_set_header'): string[] {
  return [
    'Host $http_host',
    'X-Forwarded-For $proxy_add_x_forwarded_for',
    'X-Forwarded-Proto $scheme',
    'X-Forwarded-Host $http_host',
    'X-Forwarded-Port $server_port',
  ].map((header) => `${directive} ${header};`);
}

/** The directives that pass requests on to `target`. */
function passing(target: string, traffic: Traffic): string {
  if (traffic === 'grpc')
    return [`grpc_pass grpc://${target};`, ...forwarding('grpc_set_header')].join('\n      ');
  const connection =
    traffic === 'http'
      ? ['proxy_set_header Connection "";']
      : [
          'proxy_set_header Upgrade $http_upgrade;',
          'proxy_set_header Connection "upgrade";',
          'proxy_read_timeout 600s;',
        ];
  return [
    `proxy_pass http://${target};`,
    'proxy_http_version 1.1;',
    ...connection,
    ...forwarding('proxy_set_header'),
  ].join('\n      ');
}

/** The counterpart of tidegate-rule.ts: nothing shorter, nothing longer. */
const njsRule = `function decide(r) {
  if (r.uri.startsWith('/admin') && r.remoteAddress !== '127.0.0.1') return 'deny';
  if (r.headersIn['x-beta'] === '1') return 'beta';
  return 'site';
}
export default { decide };
`;

const njsModule = nginxModule('ngx_http_js_module.so');

/** What follows the address of `listen`, and the directives that belong to it. */
function listening({ port, certificate }: PeerContext): string {
  if (certificate === null) return `listen 127.0.0.1:${port} backlog=4096;`;
  return `listen 127.0.0.1:${port} ssl http2 backlog=4096;
    ssl_certificate ${certificate.cert};
    ssl_certificate_key ${certificate.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:10m;`;
}

function upstream(name: string, port: number): string {
  return `upstream ${name} { server 127.0.0.1:${port}; keepalive 256; keepalive_requests 1000000000; keepalive_timeout 600s; }`;
}

export const nginx: Peer = {
  name: 'nginx',
  missing: () => (findProgram('nginx') === null ? 'nginx: apt-get install nginx' : null),
  version: nginxVersion,
  async prepare(context: PeerContext) {
    const { folder, backendPort } = context;
    const file = path.join(folder, 'nginx.conf');
    const http = `${upstream('site', backendPort)}
  server {
    ${listening(context)}
    location / {
      ${passing('site', context.traffic)}
    }
  }`;
    await writeFile(file, nginxMain(folder, http));
    return nginxCommand(file);
  },
};

/** Answers with what its `proxy_cache` holds. */
export const nginxWithCache: Peer = {
  name: 'nginx, proxy_cache',
  missing: () => nginx.missing(),
  version: nginxVersion,
  async prepare(context: PeerContext) {
    const { folder, backendPort } = context;
    const file = path.join(folder, 'nginx.conf');
    const http = `proxy_cache_path ${folder}/cache levels=1:2 keys_zone=answers:10m max_size=100m inactive=60m use_temp_path=off;
  ${upstream('site', backendPort)}
  server {
    ${listening(context)}
    proxy_cache answers;
    location / {
      ${passing('site', context.traffic)}
    }
  }`;
    await writeFile(file, nginxMain(folder, http));
    return nginxCommand(file);
  },
};

export const nginxWithNjs: Peer = {
  name: 'nginx + njs, one rule',
  missing: () =>
    nginx.missing() ?? (njsModule === undefined ? 'njs: apt-get install libnginx-mod-http-js' : null),
  version: nginxVersion,
  async prepare(context: PeerContext) {
    const { folder, backendPort } = context;
    const file = path.join(folder, 'nginx.conf');
    await writeFile(path.join(folder, 'rule.js'), njsRule);
    const http = `js_import rule from ${folder}/rule.js;
  js_set $decision rule.decide;
  ${upstream('site', backendPort)}
  ${upstream('beta', backendPort)}
  server {
    ${listening(context)}
    location / {
      if ($decision = deny) { return 403; }
      ${passing('$decision', context.traffic)}
    }
  }`;
    await writeFile(file, nginxMain(folder, http, `load_module ${njsModule ?? ''};`));
    return nginxCommand(file);
  },
};

import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startProxy, site } from '../integration/http1/setup.ts';
import { authority, certificateFiles } from '../support/certificates.ts';
import { unusedPort } from '../support/raw-backend.ts';
import { startHaproxy, startNginx } from './real-servers.ts';

const CLIENT = '127.0.0.5';

/** What a server answers to a client that has this address. */
async function ask(port: number): Promise<string> {
  const sent = request({ port, host: '127.0.0.1', localAddress: CLIENT });
  sent.end();
  const [answer]: IncomingMessage[] = await once(sent, 'response');
  return answer === undefined ? '' : text(answer);
}

test.each([
  { haproxy: 'send-proxy', proxyProtocol: 'v1' },
  { haproxy: 'send-proxy-v2 proxy-v2-options crc32c', proxyProtocol: 'v2' },
])('HAProxy with $haproxy, then we with $proxyProtocol: nginx hears of the client', async (versions) => {
  const nginxPort = await unusedPort();
  await startNginx(
    `listen 127.0.0.1:${nginxPort} proxy_protocol;
     location / { return 200 "$proxy_protocol_addr $proxy_protocol_server_port $http_x_forwarded_for"; }`,
  );
  const proxy = await startProxy({
    listener: { proxyProtocol: { trust: ['127.0.0.1'] } },
    upstreams: site([nginxPort], { proxyProtocol: versions.proxyProtocol }),
  });
  const haproxy = await startHaproxy(proxy.port, versions.haproxy);
  const expected = `${CLIENT} ${haproxy.port} ${CLIENT}`;
  expect([await ask(haproxy.port), await ask(haproxy.port)]).toEqual([expected, expected]);
});

test.each([
  { protocol: 'http1', proxyProtocol: 'v1', nginx: 'ssl' },
  { protocol: 'h2', proxyProtocol: 'v2', nginx: 'ssl http2' },
])('$proxyProtocol ahead of TLS with $protocol: nginx hears of the client', async (way) => {
  const port = await unusedPort();
  const { cert, key } = certificateFiles('local');
  await startNginx(
    `listen 127.0.0.1:${port} ${way.nginx} proxy_protocol;
     ssl_certificate ${cert}; ssl_certificate_key ${key};
     location / { return 200 "$proxy_protocol_addr $proxy_protocol_server_port $server_protocol $https"; }`,
  );
  const { protocol, proxyProtocol } = way;
  const proxy = await startProxy({
    upstreams: {
      site: {
        protocol,
        proxyProtocol,
        tls: { ca: '/ca.pem' },
        backends: [{ address: `localhost:${port}` }],
      },
    },
    files: new Map([['/ca.pem', authority]]),
  });
  const expected = `${CLIENT} ${proxy.port} ${protocol === 'h2' ? 'HTTP/2.0' : 'HTTP/1.1'} on`;
  expect([await ask(proxy.port), await ask(proxy.port)]).toEqual([expected, expected]);
});

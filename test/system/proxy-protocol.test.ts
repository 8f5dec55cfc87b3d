import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startProxy, site } from '../integration/http1/setup.ts';
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

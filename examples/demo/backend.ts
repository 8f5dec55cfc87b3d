import { once } from 'node:events';
import http from 'node:http';

/** A backend that answers with its name and with the request as it arrived. */
export async function startBackend(name: string): Promise<{ port: number; close(): void }> {
  const server = http.createServer((request, response) => {
    request.resume();
    const lines = [`${request.method} ${request.url}`];
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      lines.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
    }
    const body = `backend ${name}\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
    response.writeHead(200, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address');
  return {
    port: address.port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

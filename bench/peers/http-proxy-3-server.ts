// http-proxy-3 as its README sets it up, with the keep-alive agent that a fair comparison needs:
// node http-proxy-3-server.ts PORT BACKEND_PORT
import http from 'node:http';
import { createProxyServer } from 'http-proxy-3';

const [port, backendPort] = process.argv.slice(2).map(Number);
const proxy = createProxyServer({
  target: `http://127.0.0.1:${backendPort}`,
  agent: new http.Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 }),
  xfwd: true,
});
proxy.on('error', (_error, _request, response) => {
  if (response instanceof http.ServerResponse && !response.headersSent) response.writeHead(502);
  response.end();
});
http
  .createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    proxy.web(request, response);
  })
  .listen(port, '127.0.0.1');

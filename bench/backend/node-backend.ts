// Answers every request with 1 KiB: node node-backend.ts PORT.
import http from 'node:http';

const body = 'x'.repeat(1024);
http
  .createServer({ keepAliveTimeout: 0 }, (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length });
    response.end(body);
  })
  .listen(Number(process.argv[2]), '127.0.0.1');

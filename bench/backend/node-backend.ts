// Answers every request with 1 KiB: node node-backend.ts PORT.
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { answerIdField, cacheControl, cacheablePath } from './cacheable-answer.ts';

const body = 'x'.repeat(1024);
const headers = { 'content-type': 'text/plain', 'content-length': body.length };
http
  .createServer({ keepAliveTimeout: 0 }, (request, response) => {
    request.resume();
    const more =
      request.url === cacheablePath
        ? { 'cache-control': cacheControl, [answerIdField]: randomUUID() }
        : undefined;
    response.writeHead(200, { ...headers, ...more });
    response.end(body);
  })
  .listen(Number(process.argv[2]), '127.0.0.1');

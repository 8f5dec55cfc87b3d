// Sends and takes large bodies: node body-backend.ts PORT.
// GET /BYTES answers with so many bytes; POST /RATE takes a body at that many bytes a second (0: no limit) and answers its length.
import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readAtRate, zeros } from '../load/read-at-rate.ts';

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const number = Number(request.url?.slice(1) ?? 0);
  if (request.method === 'POST') {
    response.end(String(await readAtRate(request, number)));
    return;
  }
  response.setHeader('content-length', number);
  await pipeline(Readable.from(zeros(number)), response);
}

http
  .createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  })
  .listen(Number(process.argv[2]), '127.0.0.1');

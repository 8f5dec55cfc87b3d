// Moves one large body through the proxy: node body-client.ts PORT download|upload BYTES RATE.
// RATE, bytes a second, slows the receiver down: this client on a download, the backend on an upload (0: no limit).
import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readAtRate, zeros } from './read-at-rate.ts';

const [port = 0, bytes = 0, rate = 0] = [process.argv[2], process.argv[4], process.argv[5]].map(Number);
const upload = process.argv[3] === 'upload';

const started = performance.now();
const request = http.request({
  host: '127.0.0.1',
  port,
  method: upload ? 'POST' : 'GET',
  path: `/${upload ? rate : bytes}`,
  headers: upload ? { 'content-length': bytes } : {},
});
const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
  request.once('response', resolve).once('error', reject);
});
if (upload) await pipeline(Readable.from(zeros(bytes)), request);
else request.end();
const response = await answered;
const moved = upload
  ? Number(Buffer.concat(await response.toArray()).toString())
  : await readAtRate(response, rate);
if (response.statusCode !== 200 || moved !== bytes)
  throw new Error(`status ${response.statusCode}, ${moved} of ${bytes} bytes`);
process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - started) / 1000 })}\n`);

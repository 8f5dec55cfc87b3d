import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

test('slowloris: a head that drips ends with 408 on time, however it drips, and others are served meanwhile', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ listener: { timeouts: { header: '400ms' } }, backendPort: backend.port });
  const slow = await Promise.all(Array.from({ length: 50 }, () => connectRaw(proxy.port)));
  const begun = Date.now();
  for (const client of slow) client.send('GET / HTTP/1.1\r\nHost: a\r\n');
  const drip = setInterval(() => {
    for (const client of slow) if (client.ended === null) client.send('X: y\r\n');
  }, 25);
  const other = await connectRaw(proxy.port);
  expect((await other.request(get('/'))).status).toBe(200);
  const answers = await Promise.all(slow.map((client) => client.answer()));
  clearInterval(drip);
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(408));
  expect(Date.now() - begun).toBeLessThan(3000);
});

test('heads byte by byte cost no more than their size', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const head = get('/', `X-Long: ${'x'.repeat(20_000)}`);
  const cpu = process.cpuUsage();
  for (const byte of head) {
    client.send(byte);
    // One byte a segment, as often as the loop lets them through.
    await new Promise(setImmediate);
  }
  expect((await client.answer()).status).toBe(200);
  // 20,000 segments between two ends in one process; scanning the head anew for each would cost many times this.
  expect(process.cpuUsage(cpu).user / 1000).toBeLessThan(5000);
});

test('chunks of one byte, tens of thousands of them, pass in bounded time and memory', async () => {
  const backend = await startRawBackend(async (request) =>
    request.reply(ok(String((await request.body()).length))),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(50_000)}0\r\n\r\n`,
  );
  expect(answer.body).toBe('50000');
});

test('a trailer section byte by byte is bounded', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ');
  const cpu = process.cpuUsage();
  while (client.ended === null && client.buffered === '') {
    client.send('y');
    await new Promise(setImmediate);
  }
  expect((await client.answer()).status).toBe(400);
  expect(process.cpuUsage(cpu).user / 1000).toBeLessThan(5000);
  expect((await entry(proxy)).error).toBe('request-malformed');
});

test('a client that sends on and on behind an error answer is neither read into memory nor left open', async () => {
  const proxy = await startProxy({ backendPort: 9 });
  const client = await connectRaw(proxy.port);
  client.send('nonsense\r\n\r\n');
  const before = process.memoryUsage().rss;
  const poured = client.pour(Buffer.alloc(1 << 16), 10_000);
  expect((await client.answer()).status).toBe(400);
  await poured;
  // Of 640 MB.
  expect(process.memoryUsage().rss - before).toBeLessThan(250_000_000);
  await poll(() => proxy.service.counters.connections === 0);
});

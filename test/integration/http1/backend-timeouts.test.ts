import { expect, test } from 'vitest';
import { startFullBacklog } from '../../support/full-backlog.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, site, startProxy } from './setup.ts';

const QUICK = { timeouts: { response: '200ms', connect: '200ms' }, retries: { attempts: 1 } };

test('no answer: 504, and the connection ends', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ upstreams: site([backend.port], QUICK) });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(504);
  expect((await entry(proxy)).error).toBe('response-timeout');
  await backend.connections[0]?.end();
});

test('a head that drips does not win time', async () => {
  const backend = await startRawBackend((request) => {
    const drip = setInterval(() => request.reply('x'), 20);
    request.connection.socket.on('close', () => clearInterval(drip));
    request.reply('HTTP/1.1 200 OK\r\nX-Drip: ');
  });
  const proxy = await startProxy({ upstreams: site([backend.port], QUICK) });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(504);
});

test('a body that stops coming is cut off for the client', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
  );
  const proxy = await startProxy({ upstreams: site([backend.port], QUICK) });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await client.end();
  expect(client.buffered.endsWith('half\r\n')).toBe(true);
  const { status, error } = await entry(proxy);
  expect([status, error]).toEqual([200, 'response-timeout']);
  await backend.connections[0]?.end();
});

test('the time between two pieces counts, not the time for all', async () => {
  // In all longer than the timeout; each far shorter, so that a busy machine does not make it seem late.
  let left = 10;
  const backend = await startRawBackend((request) => {
    request.reply('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n');
    const drip = setInterval(() => {
      request.reply('x');
      if (--left === 0) clearInterval(drip);
    }, 120);
  });
  const proxy = await startProxy({ upstreams: site([backend.port], { timeouts: { response: '1s' } }) });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).body).toBe('x'.repeat(10));
});

test('a client that is slow to send its body does not use up the time of the backend', async () => {
  const backend = await startRawBackend(async (request) => {
    await request.body();
    request.reply('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const proxy = await startProxy({ upstreams: site([backend.port], QUICK) });
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n');
  await backend.request(0);
  let sent = 0;
  const pieces = setInterval(() => {
    client.send('x');
    if (++sent === 2) clearInterval(pieces);
  }, 350);
  expect((await client.answer()).status).toBe(200);
});

test('a backend that does not accept: 504 after the connect timeout', async () => {
  const backend = await startFullBacklog();
  const proxy = await startProxy({ upstreams: site([backend], QUICK) });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect([answer.status, (await entry(proxy)).error]).toEqual([504, 'connect-timeout']);
});
